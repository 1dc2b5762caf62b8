"""How gunicorn serves dash-back."""

from gunicorn.glogging import Logger


class WithoutHealthChecks(Logger):
    """The probes' answers would push everything else out of the log."""

    def access(self, resp, req, environ, request_time):
        if req.path != "/healthz":
            super().access(resp, req, environ, request_time)


bind = "0.0.0.0:5001"
wsgi_app = "hardware:create_app()"
workers = 2
threads = 4
# The heartbeat file must not wait for a disk, and the container's own is read-only.
worker_tmp_dir = "/dev/shm"
# Its socket would have to be in a folder that the container may not write.
control_socket_disable = True
# Less than the ten seconds that Docker gives a container to stop.
graceful_timeout = 8
accesslog = "-"
logger_class = WithoutHealthChecks
