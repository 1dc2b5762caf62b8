"""PostgreSQL with the generated configuration: who gets in, and what survives."""

import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from machine import PASSWORD, Machine


def refusal(database: Machine, **settings: object) -> str:
    with pytest.raises(psycopg.OperationalError) as refused:
        database.connect(**settings)
    return str(refused.value)


def test_the_role_owns_its_database_and_is_nothing_more(database: Machine) -> None:
    with database.connect() as connection:
        rows = connection.execute(
            "SELECT current_user, pg_get_userbyid(datdba), rolsuper, rolcreatedb, rolcreaterole, rolreplication"
            " FROM pg_database, pg_roles WHERE datname = 'insight' AND rolname = 'insight'"
        ).fetchall()
        connection.execute("CREATE TABLE notes (id integer)")
    assert rows == [("insight", "insight", False, False, False, False)]


def test_connections_are_encrypted(database: Machine) -> None:
    with database.connect() as connection:
        row = connection.execute(
            "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        ).fetchone()
    assert row[0] and row[1] in ("TLSv1.2", "TLSv1.3")
    assert "no encryption" in refusal(database, sslmode="disable")


def test_passwords_are_kept_and_asked_for_with_scram(database: Machine) -> None:
    stored = database.administer(
        "SELECT rolpassword FROM pg_authid WHERE rolname = 'insight'"
    )
    assert stored.startswith("SCRAM-SHA-256$")
    assert "password authentication failed" in refusal(database, password="wrong")
    assert "no password supplied" in refusal(database, password="")
    # The client itself refuses to be asked in any other way.
    with database.connect(require_auth="scram-sha-256") as connection:
        assert connection.info.status == psycopg.pq.ConnStatus.OK


def test_a_password_that_is_kept_as_md5_is_refused(database: Machine) -> None:
    stored = database.administer(
        "SELECT rolpassword FROM pg_authid WHERE rolname = 'insight'"
    )
    try:
        database.administer(
            "SET password_encryption = 'md5'; ALTER ROLE insight PASSWORD 'old'"
        )
        kept = database.administer(
            "SELECT left(rolpassword, 3) FROM pg_authid WHERE rolname = 'insight'"
        )
        assert kept == "md5"
        assert "password authentication failed" in refusal(database, password="old")
    finally:
        database.administer(f"ALTER ROLE insight PASSWORD '{stored}'")
    database.connect().close()


def test_nobody_else_gets_in_by_the_network(database: Machine) -> None:
    administrator = database.environment["INSIGHT_POSTGRES_USER"]
    assert "pg_hba.conf rejects" in refusal(database, user=administrator)
    assert "pg_hba.conf rejects" in refusal(database, dbname="postgres")
    assert "pg_hba.conf rejects" in refusal(database, dbname="template1")


def test_other_machines_are_refused_until_their_range_is_named(
    database: Machine,
) -> None:
    def apply(ranges: str) -> None:
        database.succeed("insight-postgres-prepare", WEB_CIDRS=ranges)
        before = database.administer("SELECT pg_conf_load_time()")
        database.signal_postgres(signal.SIGHUP)
        while database.administer("SELECT pg_conf_load_time()") == before:
            time.sleep(0.05)

    # Every connection here comes from 127.0.0.1: the range moves away from it.
    try:
        apply("10.30.0.0/20 10.30.16.0/20")
        assert "pg_hba.conf rejects" in refusal(database)
    finally:
        apply("10.30.0.0/20 127.0.0.1/32")
    database.connect().close()


def test_every_rule_is_understood_and_none_is_weak(database: Machine) -> None:
    rules = database.administer(
        "SELECT type, database, auth_method, error IS NULL FROM pg_hba_file_rules ORDER BY line_number"
    ).splitlines()
    assert rules == [
        "local|{all}|peer|t",
        *["hostssl|{insight}|scram-sha-256|t"] * (len(rules) - 2),
        "host|{all}|reject|t",
    ]
    assert len(rules) > 2
    assert (
        database.administer(
            "SELECT count(*) FROM pg_file_settings WHERE error IS NOT NULL"
        )
        == "0"
    )


def test_accounts_may_be_made_again_with_another_password(database: Machine) -> None:
    with database.connect() as connection:
        connection.execute("CREATE TABLE notes AS SELECT 42 AS kept")
    try:
        database.succeed(
            "insight-postgres-accounts", "insight", "insight", stdin="an'other $1\n"
        )
        assert "password authentication failed" in refusal(database)
        with database.connect("an'other $1") as connection:
            assert connection.execute("SELECT kept FROM notes").fetchone() == (42,)
    finally:
        database.succeed(
            "insight-postgres-accounts", "insight", "insight", stdin=PASSWORD
        )


def test_an_empty_password_is_refused(database: Machine) -> None:
    done = database.run("insight-postgres-accounts", "insight", "insight", stdin="\n")
    assert (done.returncode, done.stdout) == (
        1,
        "the password of the role insight is empty\n",
    )
    database.connect().close()


def test_the_password_is_in_no_log_even_when_the_statement_fails(
    database: Machine,
) -> None:
    done = database.run(
        "insight-postgres-accounts", "insight", "pg_reserved", stdin="sesame-in-a-log"
    )
    assert done.returncode != 0
    assert 'role name "pg_reserved" is reserved' in done.stdout
    assert "sesame-in-a-log" not in database.postgres_log() + done.stdout
    database.succeed(
        "insight-postgres-accounts", "insight", "insight", stdin="sesame-in-a-log"
    )
    database.succeed("insight-postgres-accounts", "insight", "insight", stdin=PASSWORD)
    assert "sesame-in-a-log" not in database.postgres_log()


def test_files_are_closed_to_others(database: Machine) -> None:
    for name in ("pgdata", "tls", "tls/server.key"):
        assert (database.data / name).stat().st_mode & 0o077 == 0


def test_data_stays_when_the_machine_comes_back(database: Machine) -> None:
    with database.connect() as connection:
        connection.execute("CREATE TABLE notes AS SELECT 'here' AS text")
    certificate = (database.data / "tls/server.crt").read_bytes()
    database.succeed("insight-postgres-prepare")
    database.start_postgres()
    with database.connect() as connection:
        assert connection.execute("SELECT text FROM notes").fetchone() == ("here",)
    assert (database.data / "tls/server.crt").read_bytes() == certificate


def test_a_copy_of_the_running_data_is_good(
    database: Machine, machine: Callable[[str], Machine]
) -> None:
    """As the snapshot before a replacement: taken while the server runs, after a crash."""
    with database.connect() as connection:
        connection.execute(
            "CREATE TABLE notes AS SELECT generate_series(1, 1000) AS id"
        )
    other = machine("postgres")
    database.signal_postgres(signal.SIGQUIT)
    while database.postgres_pid() is not None:
        time.sleep(0.05)
    shutil.copytree(database.data, other.data, copy_function=shutil.copy2)
    for path in (other.data, *other.data.rglob("*")):
        shutil.chown(path, other.environment["INSIGHT_POSTGRES_USER"])
    database.start_postgres()
    other.succeed("insight-postgres-prepare")
    other.start_postgres()
    with other.connect() as connection:
        assert connection.execute("SELECT count(*) FROM notes").fetchone() == (1000,)


def test_data_of_another_version_is_left_alone(
    machine: Callable[[str], Machine],
) -> None:
    host = machine("postgres")
    folder = host.data / "pgdata"
    folder.mkdir(parents=True)
    (folder / "PG_VERSION").write_text("9\n")
    done = host.run("insight-postgres-prepare")
    assert done.returncode == 1
    assert "was written by PostgreSQL 9" in done.stdout
    assert [path.name for path in folder.iterdir()] == ["PG_VERSION"]


def test_a_folder_that_is_no_data_folder_is_left_alone(
    machine: Callable[[str], Machine],
) -> None:
    host = machine("postgres")
    file = host.data / "pgdata" / "precious"
    file.parent.mkdir(parents=True)
    file.write_text("x")
    done = host.run("insight-postgres-prepare")
    assert (done.returncode, file.read_text()) == (1, "x")


def test_a_machine_that_stopped_while_it_made_the_folder_makes_it_again(
    machine: Callable[[str], Machine],
) -> None:
    host = machine("postgres")
    half: Path = host.data / "pgdata.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("15\n")
    host.succeed("insight-postgres-prepare")
    assert (host.data / "pgdata" / "global").is_dir() and not half.exists()


def test_no_range_no_configuration(machine: Callable[[str], Machine]) -> None:
    done = machine("postgres").run("insight-postgres-prepare", WEB_CIDRS="")
    assert (done.returncode, done.stdout) == (
        1,
        "WEB_CIDRS names nobody who may connect\n",
    )
