"""dash-back: answers with the rows of the hardware table."""

import os
from pathlib import Path

import psycopg
from flask import Flask, Response, jsonify
from psycopg.rows import dict_row


def read_password() -> str:
    """Read on every request, so that no copy of it lives in the process's environment."""
    path = Path(os.environ.get("DB_PASSWORD_FILE", "/run/secrets/aws_db"))
    return path.read_text(encoding="utf-8").rstrip("\r\n")


def read_hardware() -> list[dict[str, object]]:
    with psycopg.connect(
        host=os.environ["DB_HOST"],
        port=os.environ.get("DB_PORT", "5432"),
        dbname=os.environ.get("DB_NAME", "dashboard"),
        user=os.environ.get("DB_USER", "postgres"),
        password=read_password(),
        connect_timeout=3,
        options="-c statement_timeout=3000",
        application_name="dash-back",
        row_factory=dict_row,
    ) as connection:
        return connection.execute(
            "SELECT id, provider, name FROM hardware ORDER BY id"
        ).fetchall()


def create_app() -> Flask:
    app = Flask(__name__)

    @app.get("/hardware/")
    def hardware() -> Response | tuple[Response, int]:
        try:
            return jsonify(read_hardware())
        except (psycopg.Error, OSError, KeyError) as error:
            # The cause names hosts and users: it goes to the log, not to the caller.
            app.logger.error(
                "failed to read the hardware table: %s: %s", type(error).__name__, error
            )
            return jsonify(error="the database does not answer"), 503

    @app.get("/healthz")
    def healthz() -> Response:
        # A database that is away must not make the orchestrator restart every
        # replica, so this speaks for the process alone.
        return jsonify(status="ok")

    return app
