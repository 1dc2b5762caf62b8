"""What runs on the single host: its database, and releases of its application. Docker, nginx
and the data volume are reached by their own modules; decisions are in `releases`."""
