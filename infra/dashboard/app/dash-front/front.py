"""dash-front: shows as a page what dash-back knows."""

import os
from typing import NamedTuple

import requests
from flask import Flask, Response, jsonify, render_template

CONNECT_TIMEOUT = 2
# Longer than dash-back waits for its database, so that its own answer arrives.
READ_TIMEOUT = 8


class Hardware(NamedTuple):
    id: int
    provider: str
    name: str


class BackAway(Exception):
    """dash-back cannot be reached, or what it says cannot be used."""


def read_hardware() -> list[Hardware]:
    base = os.environ.get("DASH_BACK_URL", "http://dash-back:5001").rstrip("/")
    try:
        with requests.Session() as session:
            # A proxy meant for the outside knows nothing of dash-back.
            session.trust_env = False
            answer = session.get(
                f"{base}/hardware/",
                timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
                allow_redirects=False,
            )
        if answer.status_code != 200:
            raise BackAway(f"{answer.url} answered {answer.status_code}")
        return [
            Hardware(row["id"], row["provider"], row["name"]) for row in answer.json()
        ]
    except requests.RequestException as error:
        raise BackAway(str(error)) from error
    except (TypeError, KeyError) as error:
        raise BackAway(f"unexpected answer: {type(error).__name__}: {error}") from error


def create_app() -> Flask:
    app = Flask(__name__)

    @app.get("/")
    def page() -> tuple[str, int]:
        try:
            return render_template("hardware.html", rows=read_hardware()), 200
        except BackAway as error:
            app.logger.error("dash-back is away: %s", error)
            return render_template("hardware.html", rows=None), 503

    @app.get("/healthz")
    def healthz() -> Response:
        # The page tells people when dash-back is away; replacing the instances
        # behind the load balancer would not bring it back.
        return jsonify(status="ok")

    @app.after_request
    def restrict(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return app
