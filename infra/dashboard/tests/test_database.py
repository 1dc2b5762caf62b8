"""database.sql, applied by psql to a real PostgreSQL."""

import subprocess

from conftest import Postgres

ROWS = [(1, "Amazon", "c5"), (2, "Azure", "H16mr")]


def test_creates_database_table_and_rows(postgres: Postgres) -> None:
    done = postgres.apply()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert postgres.rows() == ROWS


def test_may_run_again_and_keeps_what_was_changed(postgres: Postgres) -> None:
    assert postgres.apply().returncode == 0
    with postgres.connect("dashboard") as connection:
        connection.execute("UPDATE hardware SET name = 'c7' WHERE id = 1")
        connection.execute("INSERT INTO hardware VALUES (3, 'Hetzner', 'AX102')")
    done = postgres.apply()
    assert (done.returncode, done.stderr) == (0, "")
    assert postgres.rows() == [(1, "Amazon", "c7"), ROWS[1], (3, "Hetzner", "AX102")]


def test_many_instances_at_once(postgres: Postgres) -> None:
    # Connected to the template that CREATE DATABASE copies by default.
    with postgres.connect("template1"):
        running = [
            subprocess.Popen(
                postgres.psql_command(),
                env=postgres.environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
            )
            for _ in range(8)
        ]
        outcomes = [
            (process.communicate()[0], process.returncode) for process in running
        ]
    assert outcomes == [("", 0)] * 8
    assert postgres.rows() == ROWS


def test_another_name_for_the_database(postgres: Postgres) -> None:
    name = """it's "a" database"""
    assert postgres.apply(db_name=name).returncode == 0
    assert postgres.apply(db_name=name).returncode == 0
    assert postgres.rows(name) == ROWS


def test_a_failure_stops_it_with_an_exit_code(postgres: Postgres) -> None:
    with postgres.connect() as connection:
        connection.execute("CREATE DATABASE dashboard")
    with postgres.connect("dashboard") as connection:
        connection.execute("CREATE TABLE hardware (something integer)")
    done = postgres.apply()
    assert done.returncode == 3
    assert 'column "id" of relation "hardware" does not exist' in done.stderr
