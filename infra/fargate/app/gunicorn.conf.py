"""How gunicorn serves the application."""

from gunicorn.glogging import Logger


class WithoutHealthChecks(Logger):
    """The probes' answers would push everything else out of the log."""

    def access(self, resp, req, environ, request_time):
        if req.path != "/healthz":
            super().access(resp, req, environ, request_time)


bind = "0.0.0.0:8080"
wsgi_app = "automation:create_app()"
workers = 2
threads = 4
# The heartbeat file must not wait for a disk, and the container's own is read-only.
worker_tmp_dir = "/dev/shm"
# Its socket would have to be in a folder that the container may not write.
control_socket_disable = True
# Less than the 30 seconds that ECS gives a container to stop, and the load balancer to
# finish requests.
graceful_timeout = 20
# The load balancer keeps connections for 60 seconds: whoever closes first loses requests.
keepalive = 65
accesslog = "-"
logger_class = WithoutHealthChecks
