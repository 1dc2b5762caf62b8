"""dashboard-update with a real git remote: only docker is a fake."""

import fcntl

import pytest
from machine import COMPOSE, Machine, edit, git

OLD = {"dash-front": ["dash-front:1.0.0"] * 2, "dash-back": ["dash-back:1.0.0"] * 2}


@pytest.fixture
def booted(host: Machine) -> Machine:
    host.boot_by_hand()
    assert host.running() == OLD
    return host


def update(host: Machine) -> tuple[int, str]:
    done = host.run("dashboard-update")
    return done.returncode, done.stdout + done.stderr


def assert_untouched(host: Machine, first: str) -> None:
    assert host.current == first
    assert host.running() == OLD
    assert set(host.docker["images"]) == {"dash-front:1.0.0", "dash-back:1.0.0"}
    assert [path.name for path in (host.home / "releases").iterdir()] == [first]


def assert_quiet(host: Machine) -> None:
    calls = len(host.calls())
    assert update(host) == (0, "")
    assert len(host.calls()) == calls


def test_a_new_version(booted: Machine) -> None:
    first = booted.current
    commit = booted.release(back="1.1.0")
    code, output = update(booted)
    assert code == 0, output
    assert f"now running {commit}" in output
    assert booted.current == commit
    assert booted.running() == OLD | {"dash-back": ["dash-back:1.1.0"] * 2}
    assert [call[5] for call in booted.calls("build")] == ["dash-back:1.1.0"]
    assert {path.name for path in (booted.home / "releases").iterdir()} == {
        first,
        commit,
    }
    # The version before the last is not needed any more.
    assert set(booted.docker["images"]) == {"dash-front:1.0.0", "dash-back:1.1.0"}
    assert_quiet(booted)


def test_only_two_releases_are_kept(booted: Machine) -> None:
    for version in ("1.1.0", "1.2.0", "1.3.0"):
        before = booted.current
        edit_version = booted.remote / COMPOSE
        text = edit_version.read_text().splitlines()
        text = [
            f"    image: dash-back:{version}" if "image: dash-back" in line else line
            for line in text
        ]
        edit_version.write_text("\n".join(text) + "\n")
        commit = booted.commit(version)
        assert update(booted)[0] == 0
        assert {path.name for path in (booted.home / "releases").iterdir()} == {
            before,
            commit,
        }


def test_nothing_new(booted: Machine) -> None:
    assert_quiet(booted)


def test_a_commit_without_a_new_version_builds_nothing(booted: Machine) -> None:
    edit(booted.remote / "dash-back" / "hardware.py", "ORDER BY id", "ORDER BY name")
    commit = booted.commit("changed without a version")
    code, output = update(booted)
    assert code == 0, output
    assert "dash-back:1.0.0 is there already" in output
    assert booted.current == commit
    assert booted.running() == OLD
    assert booted.calls("build") == []


def test_a_changed_setting_without_a_new_version(booted: Machine) -> None:
    edit(booted.remote / COMPOSE, "http://dash-back:5001", "http://dash-back:5001/")
    commit = booted.commit("another address")
    assert update(booted)[0] == 0
    assert booted.current == commit
    environment = booted.docker["services"]["dash-front"]["tasks"][0]["Spec"][
        "ContainerSpec"
    ]["Env"]
    assert environment == ["DASH_BACK_URL=http://dash-back:5001/"]


def test_the_app_in_a_folder_of_its_project(booted: Machine) -> None:
    folder = booted.remote / "infra" / "dashboard" / "app"
    folder.mkdir(parents=True)
    for path in list(booted.remote.iterdir()):
        if path.name not in (".git", "infra"):
            path.rename(folder / path.name)
    edit(folder / COMPOSE, "dash-front:1.0.0", "dash-front:2.0.0")
    commit = booted.commit("as a project")
    code, output = update(booted)
    assert code == 0, output
    assert booted.current == commit
    assert booted.running()["dash-front"] == ["dash-front:2.0.0"] * 2


def test_a_branch_that_was_rewritten(booted: Machine) -> None:
    assert booted.release(back="1.1.0") and update(booted)[0] == 0
    git(booted.remote, "reset", "--quiet", "--hard", "HEAD~1")
    commit = booted.release(back="1.0.1")
    assert update(booted)[0] == 0
    assert booted.current == commit
    assert booted.running()["dash-back"] == ["dash-back:1.0.1"] * 2


def test_another_branch_and_the_remotes_own(booted: Machine) -> None:
    first = booted.current
    git(booted.remote, "switch", "--quiet", "--create", "next")
    commit = booted.release(back="1.1.0")
    assert_quiet(booted)
    booted.write_settings(APP_BRANCH="next")
    assert update(booted)[0] == 0
    assert booted.current == commit
    git(booted.remote, "switch", "--quiet", "main")
    booted.write_settings(APP_BRANCH="")
    assert update(booted)[0] == 0
    assert booted.current == first


def test_a_failed_fetch(booted: Machine) -> None:
    first = booted.current
    booted.release(back="1.1.0")
    away = booted.remote.rename(booted.root / "away")
    code, output = update(booted)
    assert code == 1
    assert "cannot fetch main of APP_REPOSITORY" in output
    assert f"still running {first}" in output
    assert booted.calls() == []
    assert_untouched(booted, first)
    away.rename(booted.remote)
    assert update(booted)[0] == 0
    assert booted.running()["dash-back"] == ["dash-back:1.1.0"] * 2


def test_a_fetch_never_asks_for_a_password(booted: Machine) -> None:
    (booted.bin / "git").write_text(
        '#!/bin/sh\n[ "$GIT_TERMINAL_PROMPT" = 0 ] && case $GIT_SSH_COMMAND in'
        ' *BatchMode=yes*) echo "prompts are off" >&2; exit 128 ;; esac\nexit 97\n'
    )
    (booted.bin / "git").chmod(0o755)
    code, output = update(booted)
    assert (code, "prompts are off" in output) == (1, True)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("services:", "services: [", "is no YAML"),
        ("dash-front:1.0.0", "dash-front:latest", "'latest' is no semantic version"),
        ("    deploy:", "    deploi:", "Additional property deploi is not allowed"),
        ("${DB_HOST:?", "${DB_HOTS:?", "required variable DB_HOTS is missing a value"),
    ],
    ids=["yaml", "version", "schema", "variable"],
)
def test_a_bad_compose_file(
    booted: Machine, old: str, new: str, complaint: str
) -> None:
    first = booted.current
    edit(booted.remote / COMPOSE, old, new)
    edit(booted.remote / COMPOSE, "dash-back:1.0.0", "dash-back:1.1.0")
    commit = booted.commit("bad compose file")
    code, output = update(booted)
    assert code == 1
    assert complaint in output
    assert f"commit {commit} is given up" in output
    assert f"still running {first}" in output
    assert booted.calls("build") == booted.calls("stack", "deploy") == []
    assert_untouched(booted, first)
    assert_quiet(booted)


def test_a_bad_compose_file_that_only_the_deployment_finds(booted: Machine) -> None:
    """docker 20.10 cannot check one without deploying it."""
    booted.set_docker(can_check=False)
    first = booted.current
    edit(booted.remote / COMPOSE, "    deploy:", "    deploi:")
    commit = booted.commit("bad compose file")
    code, output = update(booted)
    assert code == 1
    assert "Additional property deploi is not allowed" in output
    assert f"commit {commit} is given up" in output
    assert_untouched(booted, first)
    assert_quiet(booted)


def test_no_compose_file(booted: Machine) -> None:
    first = booted.current
    git(booted.remote, "rm", "--quiet", COMPOSE)
    booted.commit("no compose file")
    code, output = update(booted)
    assert code == 1
    assert "docker-compose.yml cannot be read" in output
    assert_untouched(booted, first)
    assert_quiet(booted)


def test_a_failing_build_gets_three_attempts(booted: Machine) -> None:
    first = booted.current
    commit = booted.release(back="1.1.0", front="1.1.0")
    booted.set_docker(build_fails=["dash-front:1.1.0"])
    for attempt in (1, 2, 3):
        code, output = update(booted)
        assert code == 1
        assert (
            f"images of commit {commit} cannot be built (attempt {attempt} of 3)"
            in output
        )
        assert booted.calls("stack", "deploy") == []
        # The one that was built goes too: its commit was not taken.
        assert_untouched(booted, first)
    assert_quiet(booted)


def test_a_build_that_fails_once(booted: Machine) -> None:
    commit = booted.release(back="1.1.0")
    booted.set_docker(build_fails=["dash-back:1.1.0"])
    assert update(booted)[0] == 1
    booted.set_docker(build_fails=[])
    assert update(booted)[0] == 0
    assert booted.current == commit
    assert not (booted.state / "attempts").exists()


@pytest.mark.parametrize("state", ["rollback_completed", "rollback_paused", "paused"])
def test_an_unhealthy_version(booted: Machine, state: str) -> None:
    first = booted.current
    commit = booted.release(back="1.1.0", front="1.1.0")
    booted.set_docker(unhealthy=["dash-back:1.1.0"], failed_state=state)
    code, output = update(booted)
    assert code == 1
    assert f"dashboard_dash-back: {state}" in output
    assert "dash-back:1.1.0: task: non-zero exit (1)" in output
    assert f"commit {commit} is given up" in output
    assert f"still running {first}" in output
    # The front was healthy, yet belongs to the version that was not taken.
    assert_untouched(booted, first)
    assert_quiet(booted)


def test_a_new_service_that_never_gets_healthy(booted: Machine) -> None:
    first = booted.current
    edit(
        booted.remote / COMPOSE,
        "\nnetworks:",
        "  more:\n    image: dash-back:1.1.0\n    deploy: {replicas: 1}\n\nnetworks:",
    )
    booted.commit("one more service")
    booted.set_docker(unhealthy=["dash-back:1.1.0"])
    booted.environment = {"DASHBOARD_CONVERGE_SECONDS": "1"}
    code, output = update(booted)
    assert code == 1
    assert "dashboard_more: not running" in output
    assert "the stack dashboard is not up after 1 seconds" in output
    assert_untouched(booted, first)


def test_the_next_commit_may_carry_the_number_of_a_rejected_one(
    booted: Machine,
) -> None:
    booted.release(back="1.1.0")
    booted.set_docker(unhealthy=["dash-back:1.1.0"])
    assert update(booted)[0] == 1
    edit(
        booted.remote / "dash-back" / "hardware.py",
        '"""dash-back',
        '"""Repaired dash-back',
    )
    commit = booted.commit("repaired")
    booted.set_docker(unhealthy=[])
    code, output = update(booted)
    assert code == 0, output
    assert booted.current == commit
    context = booted.docker["contexts"]["dash-back:1.1.0"]
    assert context["hardware.py"]["text"].startswith('"""Repaired')


def test_what_a_killed_run_left_is_not_taken_for_a_version(booted: Machine) -> None:
    images = booted.docker["images"] | {"dash-back:1.1.0": {"left": "behind"}}
    booted.set_docker(images=images)
    (booted.state / "built").write_text("dash-back:1.1.0\n")
    (booted.home / "releases" / ".incoming").mkdir()
    commit = booted.release(back="1.1.0")
    assert update(booted)[0] == 0
    assert booted.current == commit
    assert booted.docker["images"]["dash-back:1.1.0"] == {
        "base": "dashboard-base:bookworm"
    }


def test_two_at_once(booted: Machine) -> None:
    booted.release(back="1.1.0")
    with (booted.state / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert update(booted) == (
            0,
            "another dashboard program is at work: nothing done\n",
        )
        assert booted.calls() == []
        assert booted.running() == OLD
    assert update(booted)[0] == 0


def test_no_repository_is_said_once(booted: Machine) -> None:
    booted.write_settings(APP_REPOSITORY="")
    code, output = update(booted)
    assert code == 0
    assert "APP_REPOSITORY" in output and output.count("\n") == 1
    assert_quiet(booted)
    # Someone gives it one, and takes it away again.
    booted.write_settings(APP_REPOSITORY=str(booted.remote))
    assert update(booted) == (0, "")
    booted.write_settings(APP_REPOSITORY="")
    assert "APP_REPOSITORY" in update(booted)[1]


def test_the_environment_cannot_stand_in_for_the_file(booted: Machine) -> None:
    booted.environment = {"DB_HOST": "elsewhere", "APP_REPOSITORY": "elsewhere"}
    del booted.settings["DB_HOST"]
    booted.write_settings()
    code, output = update(booted)
    assert code == 1
    assert f"DB_HOST is missing in {booted.env_file}" in output


def test_without_docker_nothing_is_taken(booted: Machine) -> None:
    first = booted.current
    booted.release(back="1.1.0")
    (booted.bin / "docker").unlink()
    (booted.bin / "docker").write_text(
        "#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n"
    )
    (booted.bin / "docker").chmod(0o755)
    code, _ = update(booted)
    assert code == 1
    assert booted.current == first
    assert (booted.home / "current" / COMPOSE).exists()
