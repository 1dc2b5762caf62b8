"""What can be told without a machine."""

import argparse

import pytest
from machine import STACK
from single_host import boot, database, engine, metrics, program, proxy, settings
from single_host.problem import Problem
from single_host.records import Records, Release, load, save


def grown(*versions: int) -> Records:
    known = Records()
    for version in versions:
        known = known.serving(Release(version), engine.other(known.slot))
    return known


def test_slots_alternate() -> None:
    assert [engine.other(slot) for slot in (None, "app-a", "app-b")] == [
        "app-a",
        "app-b",
        "app-a",
    ]


def test_three_releases_are_kept() -> None:
    known = grown(1, 2, 5, 7)
    assert [one.version for one in known.releases] == [2, 5, 7]
    assert (known.current, known.previous, known.highest, known.dropped) == (
        7,
        5,
        7,
        (1,),
    )


def test_what_a_rollback_left_is_kept() -> None:
    known = grown(1, 2, 3)
    known = known.serving(known.find(1), "app-b")
    assert (known.current, known.previous, known.highest) == (1, 3, 3)
    known = known.serving(Release(4), "app-a")
    assert [one.version for one in known.releases] == [1, 3, 4]
    assert (known.current, known.previous) == (4, 1)


def test_renewing_keeps_the_way_back() -> None:
    known = grown(1, 2)
    assert known.serving(known.find(2), "app-a").previous == 1


def test_versions_only_grow() -> None:
    known = grown(1, 4)
    known.refuse(5)
    for version in (1, 3, 4):
        with pytest.raises(Problem, match="release 5 or higher"):
            known.refuse(version)


def test_records_are_read_as_they_were_written(tmp_path) -> None:
    release = Release(
        1, "/up", 9, ("bin/rails", "db:create"), ("bin/rails", "db:migrate")
    )
    known = Records().serving(release, "app-a")
    assert load(tmp_path / "none.json") == Records()
    save(tmp_path / "some.json", known)
    assert load(tmp_path / "some.json") == known


def test_settings_are_words_of_a_shell() -> None:
    text = "A='it'\\''s \"fine\" $HOME'\nB=''\n"
    assert settings.parse(text) == {"A": 'it\'s "fine" $HOME', "B": ""}
    for bad in ("a='x'", "A='x' y", "no value here"):
        with pytest.raises(Problem):
            settings.parse(bad)


def test_missing_settings_are_named(tmp_path) -> None:
    with pytest.raises(Problem, match="user data writes it"):
        settings.load(tmp_path / "none")
    (tmp_path / "some").write_text("AWS_DEFAULT_REGION='eu-west-1'\n")
    with pytest.raises(Problem, match="DATA_VOLUME is missing"):
        settings.load(tmp_path / "some")


def test_sql_is_quoted() -> None:
    assert database.quoted("it's \\ fine") == "'it''s \\\\ fine'"
    text = database.accounts("my_shop", "it's")
    assert "GRANT ALL PRIVILEGES ON `my\\_shop`.* TO app@'%';" in text
    assert "'it''s'" in text and "*.*" not in text


def test_the_apps_environment_is_lines() -> None:
    text = boot.app_env("shop", "p w", "k#")
    assert text.splitlines() == [
        "MYSQL_HOST=database",
        "MYSQL_PORT=3306",
        "MYSQL_USER=app",
        "MYSQL_PASSWORD=p w",
        "MYSQL_DATABASE=shop",
        "SECRET_KEY_BASE=k#",
    ]
    for bad in ("", "two\nlines"):
        with pytest.raises(Problem, match="MYSQL_PASSWORD"):
            boot.app_env("shop", bad, "k")


def test_memory_and_disks_are_percentages(tmp_path) -> None:
    meminfo = "MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable:    250 kB\n"
    assert metrics.memory_used(meminfo) == 75
    assert 0 <= metrics.disk_used(tmp_path) <= 100


def test_routes_say_what_they_are() -> None:
    text = proxy.route(7, 8002)
    assert 'return 200 "7 8002\\n"' in text and "proxy_pass http://app-on-8002;" in text
    site = (STACK / "host" / "nginx" / "site.conf").read_text()
    for port in engine.SLOTS.values():
        assert f"upstream app-on-{port} {{\n  server 127.0.0.1:{port};\n" in site


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "two", "", "²"])
def test_versions_are_whole_numbers(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        program.version(text)


def test_a_console_takes_options_of_its_command() -> None:
    asked = program.parser().parse_args(["console", "--", "rake", "-T", "--", "x"])
    assert asked.words == ["rake", "-T", "--", "x"]


def test_other_apps_have_other_commands() -> None:
    words = [
        "release",
        "--version",
        "2",
        "--migrate",
        "bin/rails 'db:migrate now'",
        "--health-path",
        "/up",
    ]
    asked = program.parser().parse_args(words)
    assert (asked.migrate, asked.create) == (
        ("bin/rails", "db:migrate now"),
        ("rake", "db:create"),
    )
    assert (asked.version, asked.health_path) == (2, "/up")
