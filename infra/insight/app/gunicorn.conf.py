"""How gunicorn serves insight. httpd is in front and writes the access log."""

bind = "127.0.0.1:8000"
wsgi_app = "insight:create_app()"
workers = 2
threads = 4
worker_tmp_dir = "/dev/shm"
# Its socket would have to be in a folder that the application may not write.
control_socket_disable = True
graceful_timeout = 20
