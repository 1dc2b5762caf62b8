"""A small web service: who answers, and a message with the time."""

import socket
import time
from collections.abc import Callable

from flask import Flask, Response, jsonify

MESSAGE = "Automation for the People"


def create_app(now: Callable[[], float] = time.time) -> Flask:
    """The application. `now` gives the seconds since 1970."""
    app = Flask(__name__)

    @app.get("/")
    def name() -> Response:
        """The host's name; in a container, the container's."""
        return Response(f"{socket.gethostname()}\n", mimetype="text/plain")

    @app.get("/time")
    def message() -> Response:
        return jsonify(message=MESSAGE, timestamp=int(now()))

    @app.get("/healthz")
    def healthy() -> Response:
        """For the load balancer and the container's health check."""
        return Response("ok\n", mimetype="text/plain")

    return app
