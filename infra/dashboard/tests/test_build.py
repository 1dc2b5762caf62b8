"""dashboard-build: what it builds, and what it hands to a build."""

import os

import pytest
from machine import COMPOSE, Machine, edit


def build(host: Machine) -> tuple[int, str]:
    done = host.run(
        "dashboard-build", str(host.home / "current"), str(host.state / "built")
    )
    return done.returncode, done.stdout + done.stderr


def test_builds_what_is_not_there(host: Machine) -> None:
    host.set_docker(images={"dash-front:1.0.0": {}})
    code, output = build(host)
    assert code == 0, output
    assert "dash-front:1.0.0 is there already" in output
    assert host.docker["images"]["dash-back:1.0.0"] == {
        "base": "dashboard-base:bookworm"
    }
    assert (host.state / "built").read_text() == "dash-back:1.0.0\n"


def test_a_second_run_builds_nothing(host: Machine) -> None:
    assert build(host)[0] == 0
    assert build(host)[0] == 0
    assert len(host.calls("build")) == 2


def test_the_hosts_certificates_and_pip_configuration(host: Machine) -> None:
    (host.root / "host-ca").write_text("certificates")
    (host.root / "host-pip").write_text(
        "[global]\nindex-url = https://user:pass@mirror/\n"
    )
    host.environment = {"https_proxy": "http://user:proxypass@proxy"}
    code, output = build(host)
    assert code == 0, output
    for context in host.docker["contexts"].values():
        assert context["host-ca.crt"]["text"] == "certificates"
        assert context["host-pip.conf"]["text"].startswith("[global]")
    for call in host.calls("build"):
        assert call[5:8] == [call[5], "--build-arg", "https_proxy"]
        assert "pass" not in " ".join(call)
    # Nothing of it stays: not in the tree, not in the builders.
    assert not list((host.home / "current").rglob("host-*"))
    assert len(host.calls("builder", "prune")) == 2
    assert len(host.calls("image", "prune")) == 2


def test_without_them_the_context_is_the_folder(host: Machine) -> None:
    assert build(host)[0] == 0
    assert set(host.docker["contexts"]["dash-back:1.0.0"]) == {
        *(
            ".dockerignore",
            "Dockerfile",
            "gunicorn.conf.py",
            "hardware.py",
            "requirements.txt",
        ),
    }


def test_files_are_readable_whatever_umask_wrote_them(host: Machine) -> None:
    for folder, _, names in os.walk(host.home / "current" / "dash-front"):
        for name in names:
            os.chmod(os.path.join(folder, name), 0o600)
    assert build(host)[0] == 0
    modes = {
        file["mode"] for file in host.docker["contexts"]["dash-front:1.0.0"].values()
    }
    assert modes == {"0o644"}


def test_a_failed_build(host: Machine) -> None:
    host.set_docker(build_fails=["dash-front:1.0.0"])
    code, output = build(host)
    assert code == 1
    assert "failed to build dash-front:1.0.0" in output
    assert (host.state / "built").read_text() == "dash-back:1.0.0\n"
    assert len(host.calls("builder", "prune")) == 2


@pytest.mark.parametrize("there", [True, False])
def test_an_image_of_a_registry(host: Machine, there: bool) -> None:
    edit(host.home / "current" / COMPOSE, "dash-back:1.0.0", "redis:7")
    host.set_docker(registry=["redis:7"] if there else [])
    code, output = build(host)
    assert (code == 0) == there, output
    assert ("failed to pull redis:7" in output) != there
