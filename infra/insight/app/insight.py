"""insight: a book of notes in PostgreSQL, on a page that says who answered."""

import os
import socket
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import psycopg
from flask import Flask, Response, jsonify, redirect, render_template, request, url_for
from psycopg.rows import class_row

LONGEST_NOTE = 200
NOTES_SHOWN = 20

# Several web servers may find the table missing at once: the lock lets one make it.
MAKE_TABLE = """
SELECT pg_advisory_xact_lock(726001);
CREATE TABLE IF NOT EXISTS notes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    written_at timestamptz NOT NULL DEFAULT now(),
    host text NOT NULL,
    text text NOT NULL
)
"""


class Note(NamedTuple):
    id: int
    written_at: str
    host: str
    text: str


class Database(NamedTuple):
    """Which database answered."""

    name: str
    cluster: str
    address: str
    version: str
    started_at: str


def read_password() -> str:
    """Read for every connection, so that no copy of it lives in the process's environment."""
    path = Path(os.environ.get("DB_PASSWORD_FILE", "/run/insight/db-password"))
    return path.read_text(encoding="utf-8").rstrip("\r\n")


def connect() -> psycopg.Connection:
    """A connection for one request: one that broke is of no concern to the next."""
    return psycopg.connect(
        host=os.environ["DB_HOST"],
        port=os.environ.get("DB_PORT", "5432"),
        dbname=os.environ.get("DB_NAME", "insight"),
        user=os.environ.get("DB_USER", "insight"),
        password=read_password(),
        sslmode="require",
        connect_timeout=3,
        options="-c statement_timeout=3000",
        application_name=f"insight@{socket.gethostname()}",
    )


def make_table() -> None:
    with connect() as connection:
        connection.execute(MAKE_TABLE)


def with_table(action):
    """Does something with the table, which is made when it turns out to be missing."""
    try:
        return action()
    except psycopg.errors.UndefinedTable:
        make_table()
        return action()


def read() -> tuple[Database, list[Note]]:
    with connect() as connection:
        with connection.cursor(row_factory=class_row(Database)) as cursor:
            database = cursor.execute(
                "SELECT current_database() AS name, current_setting('cluster_name') AS cluster,"
                " coalesce(host(inet_server_addr()), 'a local socket') AS address,"
                " current_setting('server_version') AS version,"
                " to_char(pg_postmaster_start_time() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')"
                " AS started_at"
            ).fetchone()
        with connection.cursor(row_factory=class_row(Note)) as cursor:
            notes = cursor.execute(
                "SELECT id, to_char(written_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')"
                " AS written_at, host, text FROM notes ORDER BY id DESC LIMIT %s",
                (NOTES_SHOWN,),
            ).fetchall()
    return database, notes


def write(text: str) -> None:
    with connect() as connection:
        connection.execute(
            "INSERT INTO notes (host, text) VALUES (%s, %s)",
            (socket.gethostname(), text),
        )


def create_app() -> Flask:
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024

    def page(status: int, complaint: str | None = None) -> tuple[str, int]:
        database, notes = None, []
        try:
            database, notes = with_table(read)
        except (psycopg.Error, OSError, KeyError) as error:
            # The cause names hosts and users: it goes to the log, not to the caller.
            app.logger.error(
                "failed to read the notes: %s: %s", type(error).__name__, error
            )
            status = 503
        return (
            render_template(
                "index.html",
                host=socket.gethostname(),
                database=database,
                notes=notes,
                complaint=complaint,
                longest=LONGEST_NOTE,
            ),
            status,
        )

    @app.get("/")
    def index() -> tuple[str, int]:
        return page(200)

    @app.post("/notes")
    def add() -> Response | tuple[str, int]:
        # Another site's page can make a browser send this form, but not lie about itself.
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            return page(403, "This note was sent from another site.")
        text = request.form.get("text", "").strip()
        if not text or "\x00" in text:
            return page(400, "A note needs some text.")
        if len(text) > LONGEST_NOTE:
            return page(400, f"A note has {LONGEST_NOTE} characters at most.")
        try:
            with_table(lambda: write(text))
        except (psycopg.Error, OSError, KeyError) as error:
            app.logger.error(
                "failed to write a note: %s: %s", type(error).__name__, error
            )
            return page(503, "The note was not kept.")
        return redirect(url_for("index"), code=303)

    @app.get("/healthz")
    def healthz() -> Response:
        # The page tells people when the database is away; replacing the web servers
        # would not bring it back.
        return jsonify(status="ok", host=socket.gethostname())

    @app.after_request
    def restrict(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self'; form-action 'self';"
            " base-uri 'none'; frame-ancestors 'none'"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        # Not no-referrer, which makes browsers send the form with the origin "null".
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["Cache-Control"] = "no-store"
        return response

    return app
