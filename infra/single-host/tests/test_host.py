"""A throw-away machine through its life, in this order: it boots, takes releases that are good
and bad while it is requested without a pause, loses its data and gets it back, and is replaced
by another machine. Each test goes on from what those before it left."""

import json
import re
import socket
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import apps
import pytest
from machine import VOLUME, Disk, Machine, eventually
from visitors import Visitors

# Everything a shell, SQL or docker could stumble over.
PASSWORD = """p'a\\s" $HOME `id` %s ; & {x} #"""
KEY = "a key's $HOME `secret` \\ \" of many characters"
LEAST = 1000


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    one = Disk(tmp_path_factory.mktemp("volume") / "disk")
    yield one
    one.close()


@pytest.fixture(scope="module")
def install(
    disk: Disk, start_machine: Callable[..., Machine], client: Callable[[str], object]
) -> Callable[[], Machine]:
    """Makes a machine and tells it about itself, as Terraform does."""
    manager = client("secretsmanager")
    arns = {
        name: manager.create_secret(Name=f"single-host/{name}", SecretString=text)[
            "ARN"
        ]
        for name, text in {"password": PASSWORD, "key": KEY}.items()
    }

    def make() -> Machine:
        machine = start_machine(disk)
        machine.load_images()
        machine.tell(
            AWS_DEFAULT_REGION="eu-west-1",
            DATA_VOLUME=VOLUME,
            DATABASE="app",
            MYSQL_SECRET_ARN=arns["password"],
            SECRET_KEY_ARN=arns["key"],
            METRICS_NAMESPACE="single-host-test",
        )
        return machine

    return make


@pytest.fixture(scope="module")
def host(install: Callable[[], Machine]) -> Machine:
    return install()


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return apps.sample(tmp_path)


def get(machine: Machine, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(
            f"http://{machine.address}{path}", timeout=60
        ) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def leave_note(machine: Machine, text: str) -> None:
    _, page = get(machine, "/")
    token = re.search('name="token" value="([^"]+)"', page)[1]
    form = urllib.parse.urlencode({"token": token, "text": text}).encode()
    with urllib.request.urlopen(
        f"http://{machine.address}/notes", form, timeout=60
    ) as answer:
        assert answer.status == 200


def notes(machine: Machine) -> list[str]:
    return json.loads(get(machine, "/notes")[1])


def release(
    machine: Machine, app: Path, version: int, *words: str
) -> subprocess.CompletedProcess:
    return machine.task("release", app, "--version", version, *words)


def images(machine: Machine) -> list[str]:
    shown = machine.succeed("docker", "images", "--format", "{{.Tag}}", "app")
    return sorted(shown.split())


def requested(visitors: Visitors, name: str) -> None:
    """Says how much was seen, also when all is well."""
    seen = ", ".join(
        f"{count} of version {version}" for version, count in visitors.answers.items()
    )
    print(f"{name}: {visitors.count} requests, {len(visitors.failed)} failed; {seen}")


def test_boots_without_a_release(host: Machine) -> None:
    assert get(host, "/.host/ready")[0] == 404
    done = host.boot()
    assert done.returncode == 0, done.stdout
    assert get(host, "/.host/ready") == (200, "ready\n")
    assert get(host, "/") == (503, "no version is released yet\n")
    assert (
        host.succeed(
            "findmnt", "--noheadings", "--output", "FSTYPE", "/var/lib/single-host"
        )
        == "ext4\n"
    )


def test_only_ssh_and_http_are_reached_from_outside(host: Machine) -> None:
    listening = host.succeed("ss", "--no-header", "--listening", "--tcp", "--numeric")
    places = {line.split()[3] for line in listening.splitlines()}
    outside = {place for place in places if not place.startswith("127.0.0.1:")}
    assert {place.rpartition(":")[2] for place in outside} == {"22", "80"}
    assert "127.0.0.1:3306" in places
    for port in (2375, 2376, 3306, 8001, 8002):
        with socket.socket() as caller:
            assert caller.connect_ex((host.address, port)) != 0


def test_secrets_are_in_memory_and_for_root_alone(host: Machine) -> None:
    kind = host.succeed(
        "findmnt", "--noheadings", "--output", "FSTYPE", "--target", "/run/single-host"
    )
    assert kind == "tmpfs\n"
    assert (
        host.succeed("stat", "--format", "%a %U", "/run/single-host/app.env")
        == "600 root\n"
    )


def test_nothing_can_be_undone_before_the_first_release(host: Machine) -> None:
    for words in (["rollback"], ["logs"], ["console", "--", "true"]):
        done = host.task("on-host", *words)
        assert (done.returncode, done.stdout) == (1, "no version is released yet\n")


def test_a_first_release_that_fails(host: Machine, app: Path) -> None:
    apps.migration(app, "002_broken.rb", apps.BROKEN)
    done = release(host, app, 1)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (
        1,
        "no version is released",
    ), done.stdout
    assert get(host, "/") == (503, "no version is released yet\n")
    assert images(host) == []


def test_the_first_release_makes_the_database(host: Machine, app: Path) -> None:
    host.sql("DROP DATABASE app")
    with Visitors(host.address, nothing_yet=True) as visitors:
        done = release(host, app, 1)
        visitors.released()
        assert done.returncode == 0, done.stdout
        visitors.wait_for(LEAST)
    requested(visitors, "release 1")
    assert visitors.failed == [] and set(visitors.answers) == {"1"}
    assert host.sql("SHOW DATABASES LIKE 'app'") == "app"
    leave_note(host, "from the first version")
    assert notes(host) == ["from the first version"]


def test_the_second_release_migrates_without_a_gap(host: Machine, app: Path) -> None:
    apps.migration(app, "002_author.rb", apps.COLUMN)
    with Visitors(host.address) as visitors:
        done = release(host, app, 2)
        assert done.returncode == 0, done.stdout
        visitors.wait_for(LEAST)
        eventually("the second version answers", lambda: visitors.answers["2"])
    requested(visitors, "release 2")
    assert visitors.failed == [] and set(visitors.answers) == {"1", "2"}
    assert "author" in host.sql("DESCRIBE app.notes")
    assert notes(host) == ["from the first version"]


def test_what_was_begun_before_a_release_is_ended(host: Machine, app: Path) -> None:
    apps.migration(app, "002_author.rb", apps.COLUMN)
    answers: list[tuple[int, str]] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            answers.append(get(host, "/slow"))

    # One after the other, so that one of them is under way at every moment.
    asking = threading.Thread(target=ask)
    with Visitors(host.address) as visitors:
        asking.start()
        done = release(host, app, 3)
        stop.set()
        asking.join()
        assert done.returncode == 0, done.stdout
        visitors.wait_for(LEAST)
        eventually("the third version answers", lambda: visitors.answers["3"])
    requested(visitors, "release 3")
    assert visitors.failed == [] and set(visitors.answers) == {"2", "3"}
    assert {status for status, _ in answers} == {200}
    assert answers[0] == (200, "2\n")


def test_the_old_version_has_stopped(host: Machine) -> None:
    running = host.succeed("docker", "ps", "--format", "{{.Names}}").split()
    assert sorted(running) == ["app-a", "database"]
    assert host.task("on-host", "status").stdout == "serves: 3\nkept: 1, 2, 3\n"


BAD = {
    "a broken migration": (
        lambda app: apps.migration(app, "003_broken.rb", apps.BROKEN),
        "the migration of version 4 failed",
    ),
    "an app that is ill": (
        apps.unhealthy,
        "version 4 is not healthy: /healthz answers 500; it said:",
    ),
    "an app that ends": (
        apps.ends_at_once,
        "this app has had enough",
    ),
    "an image that cannot be built": (
        lambda app: apps.replace(app / "Dockerfile", "USER 10001:10001", "RUN exit 7"),
        "the image of version 4 cannot be built",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_release_leaves_the_old_version_serving(
    host: Machine, app: Path, name: str
) -> None:
    spoil, says = BAD[name]
    apps.migration(app, "002_author.rb", apps.COLUMN)
    spoil(app)
    with Visitors(host.address) as visitors:
        done = release(host, app, 4, "--health-seconds", "6")
        visitors.wait_for(LEAST)
    requested(visitors, name)
    assert done.returncode == 1
    assert says in done.stdout and done.stdout.endswith(
        "version 3 goes on serving\n"
    ), done.stdout
    assert visitors.failed == [] and set(visitors.answers) == {"3"}
    assert images(host) == ["v1", "v2", "v3"]
    assert "v4.tar" not in host.succeed("ls", "/var/lib/single-host/releases")
    assert notes(host) == ["from the first version"]


def test_a_release_that_is_stopped_clears_up(host: Machine, app: Path) -> None:
    apps.migration(app, "002_author.rb", apps.COLUMN)
    apps.migration(app, "003_late.rb", apps.LATE)
    outcome: list[subprocess.CompletedProcess] = []
    going = threading.Thread(target=lambda: outcome.append(release(host, app, 4)))
    going.start()
    running = ("docker", "ps", "--format", "{{.Names}}")
    eventually("it migrates", lambda: "command-" in host.succeed(*running))
    second = release(host, app, 5)
    assert (second.returncode, "is going on already" in second.stdout) == (1, True)
    pid = host.succeed("pgrep", "--oldest", "--full", "python3 .*single-host release")
    host.succeed("kill", pid.strip())
    going.join()
    assert outcome[0].stdout.endswith(
        "stopped by SIGTERM\nversion 3 goes on serving\n"
    ), outcome[0].stdout
    assert sorted(host.succeed(*running).split()) == ["app-a", "database"]
    assert images(host) == ["v1", "v2", "v3"]
    assert get(host, "/version") == (200, "3\n")


def test_a_version_is_released_once(host: Machine, app: Path) -> None:
    done = release(host, app, 3)
    assert done.returncode == 1
    assert "3 was already; release 4 or higher" in done.stdout


def test_rolls_back_and_forth_without_a_gap(host: Machine) -> None:
    with Visitors(host.address) as visitors:
        for words in ([], ["--version", "1"], ["--version", "3"]):
            done = host.task("on-host", "rollback", *words)
            assert done.returncode == 0, done.stdout
        visitors.wait_for(LEAST)
    requested(visitors, "rollbacks")
    assert visitors.failed == [] and set(visitors.answers) == {"1", "2", "3"}
    assert get(host, "/version") == (200, "3\n")
    done = host.task("on-host", "rollback", "--version", "9")
    assert (done.returncode, "kept versions: 1, 2, 3" in done.stdout) == (1, True)


def test_requests_use_the_same_connections_to_the_app(host: Machine) -> None:
    """Each that has ended would hold a port for a minute, of which there are 28 000."""

    def held() -> int:
        mine = "( dport = :8000 or dport = :8001 or dport = :8002 )"
        ended = ("ss", "--no-header", "--tcp", "--numeric", "state", "time-wait")
        return len(host.succeed(*ended, mine).splitlines())

    before = held()
    with Visitors(host.address) as visitors:
        visitors.wait_for(LEAST)
    assert visitors.failed == []
    assert held() - before < LEAST / 10


def test_a_command_in_the_apps_environment(host: Machine) -> None:
    script = 'printf "%s|%s|%s" "$MYSQL_PASSWORD" "$SECRET_KEY_BASE" "$1"'
    done = host.task(
        "on-host", "console", "--", "sh", "-c", script, "-", 'it\'s "fine" $HOME'
    )
    assert (done.returncode, done.stdout) == (0, f'{PASSWORD}|{KEY}|it\'s "fine" $HOME')
    assert (
        "rake db:migrate" in host.task("on-host", "console", "--", "rake", "-T").stdout
    )
    assert host.task("on-host", "console", "--", "sh", "-c", "exit 7").returncode == 7


def test_the_app_reaches_its_own_database_only(host: Machine) -> None:
    ask = (
        "require 'sequel'; require './lib/database'; puts Database.connect(ENV)[{}].all"
    )
    for query, allowed in (
        ("SELECT 1", True),
        ("SELECT * FROM mysql.global_priv", False),
    ):
        words = ("ruby", "-e", ask.format(json.dumps(query)))
        done = host.task("on-host", "console", "--", *words)
        assert (done.returncode == 0) == allowed, done.stdout


def test_shows_what_the_app_printed(host: Machine) -> None:
    done = host.task("on-host", "logs", "--lines", "100")
    assert (done.returncode, "Listening on http://0.0.0.0:8000" in done.stdout) == (
        0,
        True,
    ), done.stdout


def test_backup_drop_restore(host: Machine) -> None:
    leave_note(host, "<kept> 'quoted' \\ ünïcödé 🐚")
    kept = notes(host)
    assert len(kept) == 2
    done = host.task("on-host", "backup")
    assert done.returncode == 0, done.stdout
    name = done.stdout.strip()
    assert name in host.task("on-host", "backups").stdout.splitlines()

    host.sql("DROP DATABASE app")
    assert get(host, "/healthz")[0] == 503
    done = host.task("on-host", "restore")
    assert done.returncode == 0, done.stdout
    assert f"the database is that of {name}\n" in done.stdout
    assert notes(host) == kept and get(host, "/healthz") == (200, "ok\n")
    print(f"backup, drop, restore: {len(kept)} rows are back")


def test_a_restore_takes_away_what_came_later(host: Machine) -> None:
    before = notes(host)
    leave_note(host, "later")
    done = host.task("on-host", "restore")
    assert done.returncode == 0, done.stdout
    assert notes(host) == before
    # What was there is not lost either.
    copy = re.search(r"the data of now is copied: (\S+)", done.stdout)[1]
    assert host.task("on-host", "restore", "--backup", copy).returncode == 0
    assert notes(host) == ["later", *before]


def test_a_damaged_copy_changes_nothing(host: Machine) -> None:
    before = notes(host)
    backups = "/var/lib/single-host/backups"
    host.succeed("sh", "-c", f'cd {backups} && head -c 300 "$(ls | head -1)" >x.sql.gz')
    done = host.task("on-host", "restore", "--backup", "x")
    assert (done.returncode, "the copy x is damaged" in done.stdout) == (
        1,
        True,
    ), done.stdout
    assert notes(host) == before
    host.succeed("rm", f"{backups}/x.sql.gz")
    done = host.task("on-host", "restore", "--backup", "none-such")
    assert (done.returncode, "there is no copy none-such" in done.stdout) == (1, True)


def test_publishes_measurements(host: Machine, client: Callable[[str], object]) -> None:
    done = host.with_aws("single-host", "metrics")
    assert done.returncode == 0, done.stdout
    metrics = client("cloudwatch").list_metrics(Namespace="single-host-test")["Metrics"]
    names = {metric["MetricName"] for metric in metrics}
    assert names == {
        "MemoryUsedPercent",
        "RootDiskUsedPercent",
        "DataDiskUsedPercent",
        "AppHealthy",
    }


def test_a_boot_brings_back_what_served(host: Machine) -> None:
    before = notes(host)
    host.succeed("docker", "stop", "app-a", "app-b", "database")
    done = host.boot()
    assert done.returncode == 0, done.stdout
    assert get(host, "/version") == (200, "3\n") and notes(host) == before


def test_another_machine_goes_on_with_the_volume(
    host: Machine, install: Callable[[], Machine]
) -> None:
    before = notes(host)
    host.power_off()
    other = install()
    done = other.boot()
    assert done.returncode == 0, done.stdout
    assert "building version 3 from its kept source" in done.stdout
    assert get(other, "/version") == (200, "3\n") and notes(other) == before
