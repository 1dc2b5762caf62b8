"""install-consul.sh: only what the publisher has signed is installed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import free_port
from mirror import Key, Mirror


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Key, Key]]:
    folder = tmp_path_factory.mktemp("keys")
    pair = Key(folder / "publisher", "publisher"), Key(folder / "other", "other")
    yield pair
    for key in pair:
        key.close()


@pytest.fixture
def mirror(tmp_path: Path, keys: tuple[Key, Key]) -> Mirror:
    return Mirror(tmp_path, keys[0])


def assert_refused(mirror: Mirror, why: str, **changes: str) -> None:
    # A stand-in is no way around a signature that is not good.
    for stand_in in ("refused", "allowed"):
        done = mirror.install(CONSUL_STAND_IN=stand_in, **changes)
        assert done.returncode == 1, done.stdout
        assert re.search(why, done.stdout), done.stdout
        assert not mirror.installed.exists() and not mirror.marker.exists()


def test_a_good_release_is_installed(mirror: Mirror) -> None:
    done = mirror.install()
    assert (done.returncode, done.stdout) == (0, "genuine\n")
    assert mirror.installed.stat().st_mode & 0o777 == 0o755
    assert not mirror.marker.exists()


def test_an_archive_that_was_tampered_with(mirror: Mirror) -> None:
    with mirror.archive.open("ab") as file:
        file.write(b"x")
    assert_refused(mirror, "has not the checksum that was signed")


def test_checksums_that_were_tampered_with(mirror: Mirror) -> None:
    signature = Path(f"{mirror.sums}.sig").read_bytes()
    mirror.fill(b"#!/bin/sh\necho evil\n")
    Path(f"{mirror.sums}.sig").write_bytes(signature)
    assert_refused(mirror, "the signature of .* is not good")


def test_another_key_even_beside_the_right_one(
    mirror: Mirror, keys: tuple[Key, Key]
) -> None:
    publisher, other = keys
    other.sign(mirror.sums)
    key_file = mirror.folder / "releases" / "pgp-key.txt"
    assert_refused(mirror, "the signature of .* is not good")
    key_file.write_text(other.public)
    assert_refused(
        mirror,
        f"signed with the key {other.fingerprint}, not with {publisher.fingerprint}",
    )
    key_file.write_text(publisher.public + other.public)
    assert_refused(mirror, f"signed with the key {other.fingerprint}|is not good")


def test_what_is_missing(mirror: Mirror) -> None:
    Path(f"{mirror.sums}.sig").unlink()
    assert_refused(mirror, "has no signature")
    mirror.key.sign(mirror.sums)
    mirror.sums.with_name(mirror.archive.name).unlink()
    assert_refused(mirror, f"has no {mirror.archive.name}")


def test_a_mirror_without_this_version(mirror: Mirror) -> None:
    assert_refused(mirror, "cannot be fetched", CONSUL_VERSION="0.0.1")


def test_no_key(mirror: Mirror) -> None:
    (mirror.folder / "releases" / "pgp-key.txt").write_text("<html>not a key</html>")
    assert_refused(mirror, "holds no public key")
    assert_refused(
        mirror, "cannot be fetched from", CONSUL_KEY_URL=f"file://{mirror.folder}/none"
    )


def test_a_platform_that_is_not_named(mirror: Mirror) -> None:
    mirror.sums.write_text(mirror.sums.read_text().replace("_linux_", "_plan9_"))
    mirror.key.sign(mirror.sums)
    assert_refused(mirror, "does not name")


def test_nobody_there(mirror: Mirror) -> None:
    url = f"http://127.0.0.1:{free_port()}/releases"
    done = mirror.install(CONSUL_URL=url)
    assert (
        done.returncode,
        "cannot be reached: set consul_url to a mirror" in done.stdout,
    ) == (1, True)
    assert not mirror.installed.exists()
    done = mirror.install(CONSUL_URL=url, CONSUL_STAND_IN="allowed")
    assert (
        done.returncode,
        "INSTALLING A STAND-IN that is not Consul" in done.stdout,
    ) == (0, True)
    assert mirror.marker.exists()
    # A later build that reaches it forgets the stand-in.
    assert mirror.install().returncode == 0
    assert not mirror.marker.exists()
    assert "genuine" in mirror.installed.read_text()
