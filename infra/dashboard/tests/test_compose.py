"""The compose file, and the program that reads which images it names."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import APP, DASHBOARD

COMPOSE = yaml.safe_load((APP / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]


def images_of(tree: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, DASHBOARD / "host" / "lib" / "compose_images.py", tree],
        capture_output=True,
        encoding="utf-8",
    )


def tree_with(folder: Path, text: str) -> Path:
    (folder / "dash-front").mkdir()
    (folder / "dash-front" / "Dockerfile").touch()
    (folder / "docker-compose.yml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", ["dash-front", "dash-back"])
def test_every_service_updates_carefully(name: str) -> None:
    service = SERVICES[name]
    update = service["deploy"]["update_config"]
    assert (update["order"], update["failure_action"]) == ("start-first", "rollback")
    assert service["deploy"]["replicas"] >= 2
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    assert service["deploy"]["restart_policy"]["condition"] == "any"
    assert service["healthcheck"]["retries"] > 0
    assert service["read_only"] is True and service["cap_drop"] == ["ALL"]


def test_the_front_is_the_only_one_published() -> None:
    assert [
        (port["published"], port["target"]) for port in SERVICES["dash-front"]["ports"]
    ] == [(80, 5000)]
    assert "ports" not in SERVICES["dash-back"]
    # start-first needs both tasks at once, and one port of the host takes one.
    assert SERVICES["dash-front"]["ports"][0]["mode"] == "ingress"


def test_the_back_alone_gets_the_secret() -> None:
    assert SERVICES["dash-back"]["secrets"] == ["aws_db"]
    assert "secrets" not in SERVICES["dash-front"]
    assert COMPOSE["secrets"]["aws_db"]["external"] is True


def test_images_of_the_real_file() -> None:
    done = images_of(APP)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "dash-back:1.0.0\tdash-back\ndash-front:1.0.0\tdash-front\n"


def test_an_image_without_a_folder_comes_from_a_registry(tmp_path: Path) -> None:
    text = """
services:
  a: {image: "registry.example:5000/team/dash-front:1.2.3-rc.1"}
  b: {image: "redis:7-alpine"}
  c: {image: "redis:7-alpine"}
"""
    done = images_of(tree_with(tmp_path, text))
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "redis:7-alpine\t-\nregistry.example:5000/team/dash-front:1.2.3-rc.1\tdash-front\n"
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("services: [", "is no YAML"),
        ("services: !!python/object/apply:os.system [id]", "is no YAML"),
        ("", "has no services"),
        ("- a", "has no services"),
        ("services: {}", "has no services"),
        ("services: {a: {build: .}}", "services.a has no image"),
        ("services: {a: 1}", "services.a has no image"),
        ("services: {a: {image: dash-front}}", "'dash-front' is no NAME:VERSION"),
        ("services: {a: {image: '-x:1.0.0'}}", "'-x:1.0.0' is no NAME:VERSION"),
        ('services: {a: {image: "x:1.0.0\\n"}}', "is no NAME:VERSION"),
        (
            "services: {a: {image: 'dash-front:latest'}}",
            "'latest' is no semantic version",
        ),
        ("services: {a: {image: 'dash-front:1.0'}}", "'1.0' is no semantic version"),
        (
            "services: {a: {image: 'dash-front:01.0.0'}}",
            "'01.0.0' is no semantic version",
        ),
    ],
)
def test_bad_files(tmp_path: Path, text: str, complaint: str) -> None:
    done = images_of(tree_with(tmp_path, text))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("docker-compose.yml ")
    assert complaint in done.stderr


def test_no_file(tmp_path: Path) -> None:
    done = images_of(tmp_path)
    assert done.returncode == 1
    assert (
        done.stderr == "docker-compose.yml cannot be read: No such file or directory\n"
    )
