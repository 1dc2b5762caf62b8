"""insight-volume, on loop devices where this machine has them."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from machine import Machine

VOLUME = "vol-0123456789abcdef0"
BY_ID = "nvme-Amazon_Elastic_Block_Store_vol0123456789abcdef0"


def output(*command: object) -> str:
    return subprocess.run(
        [str(word) for word in command],
        check=True,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ).stdout.strip()


class Disk:
    """A volume attached to a machine: a loop device, or a plain file in place of one."""

    def __init__(self, host: Machine, size: str = "16M") -> None:
        self.host = host
        self.file = host.root / "disk"
        self.mount = host.root / "mount"
        output("truncate", f"--size={size}", self.file)
        self.loop = self.attach_loop()
        if self.loop is None:
            self.without_mounts()
        link = host.devices / "disk" / "by-id" / BY_ID
        link.parent.mkdir(parents=True)
        link.symlink_to(self.loop or self.file)

    def attach_loop(self) -> str | None:
        if os.geteuid() != 0:
            return None
        done = subprocess.run(
            ["losetup", "--find", "--show", self.file],
            capture_output=True,
            encoding="utf-8",
        )
        if done.returncode != 0 or self.host.environment.get("NO_MOUNT"):
            return None
        return done.stdout.strip()

    def without_mounts(self) -> None:
        """Where nothing can be mounted, that part alone is written down and not done."""
        for name, answer in {
            "mount": "",
            "mountpoint": "exit 1",
            "blockdev": "echo 0",
        }.items():
            fake = self.host.bin / name
            fake.write_text(
                f'#!/bin/sh\necho "{name} $*" >>"{self.host.root}/mounts"\n{answer}\n'
            )
            fake.chmod(0o755)

    def kind(self) -> str:
        return subprocess.run(
            ["blkid", "--probe", "--match-tag", "TYPE", "--output", "value", self.file],
            stdout=subprocess.PIPE,
            encoding="utf-8",
        ).stdout.strip()

    def is_mounted(self) -> bool:
        if self.loop is None:
            return (
                f"{self.file} {self.mount}\n" in (self.host.root / "mounts").read_text()
            )
        return os.path.ismount(self.mount)

    def unmount(self) -> None:
        if self.loop is not None and os.path.ismount(self.mount):
            output("umount", self.mount)

    def close(self) -> None:
        self.unmount()
        if self.loop is not None:
            output("losetup", "--detach", self.loop)


@pytest.fixture
def disk(machine: Callable[[str], Machine]) -> Iterator[Disk]:
    one = Disk(machine("postgres"))
    yield one
    one.close()


def bring_up(disk: Disk) -> subprocess.CompletedProcess:
    return disk.host.run("insight-volume", VOLUME, str(disk.mount))


def test_a_new_volume_gets_a_file_system(disk: Disk) -> None:
    done = bring_up(disk)
    assert done.returncode == 0, done.stdout
    assert "making a file system on the new volume" in done.stdout
    assert disk.is_mounted() and disk.kind() == "ext4"


def test_a_used_volume_keeps_what_is_on_it(disk: Disk) -> None:
    assert bring_up(disk).returncode == 0
    before = output(
        "blkid", "--probe", "--match-tag", "UUID", "--output", "value", disk.file
    )
    if disk.loop:
        (disk.mount / "data").write_text("precious")
    disk.unmount()
    done = bring_up(disk)
    assert (done.returncode, "making" in done.stdout) == (0, False), done.stdout
    assert disk.is_mounted()
    assert (
        output(
            "blkid", "--probe", "--match-tag", "UUID", "--output", "value", disk.file
        )
        == before
    )
    if disk.loop:
        assert (disk.mount / "data").read_text() == "precious"


def test_may_run_again_while_it_is_mounted(disk: Disk) -> None:
    if disk.loop is None:
        pytest.skip("nothing can be mounted on this machine")
    assert bring_up(disk).returncode == 0
    done = bring_up(disk)
    assert (done.returncode, done.stdout) == (0, f"{VOLUME} is mounted already\n")
    options = output("findmnt", "--noheadings", "--output", "OPTIONS", disk.mount)
    assert {"nodev", "nosuid", "noexec"} <= set(options.split(","))


def test_a_volume_that_has_grown_is_used_whole(disk: Disk) -> None:
    if disk.loop is None:
        pytest.skip("nothing can be mounted on this machine")
    assert bring_up(disk).returncode == 0
    before = os.statvfs(disk.mount).f_blocks
    disk.unmount()
    output("truncate", "--size=32M", disk.file)
    output("losetup", "--set-capacity", disk.loop)
    assert bring_up(disk).returncode == 0
    assert os.statvfs(disk.mount).f_blocks > before * 1.5


@pytest.mark.parametrize(
    "command", [("mkfs.ext2", "-q"), ("mkswap",)], ids=["ext2", "swap"]
)
def test_something_else_is_never_formatted(
    disk: Disk, command: tuple[str, ...]
) -> None:
    output(*command, disk.file)
    before = disk.file.read_bytes()
    done = bring_up(disk)
    assert done.returncode == 1
    assert "and is not formatted" in done.stdout
    assert disk.file.read_bytes() == before


def test_something_unknown_is_never_formatted(disk: Disk) -> None:
    with disk.file.open("r+b") as file:
        file.seek(3 << 20)
        file.write(b"nobody knows what this is")
    before = disk.file.read_bytes()
    done = bring_up(disk)
    assert (done.returncode, "holds something unknown" in done.stdout) == (1, True)
    assert disk.file.read_bytes() == before


def test_an_older_machine_names_it_by_its_letter(disk: Disk) -> None:
    link = disk.host.devices / "disk" / "by-id" / BY_ID
    link.rename(disk.host.devices / "xvdf")
    assert bring_up(disk).returncode == 0
    assert disk.is_mounted()


def test_waits_for_a_volume_that_is_attached_late(disk: Disk) -> None:
    link = disk.host.devices / "disk" / "by-id" / BY_ID
    hidden = disk.host.root / "hidden"
    link.rename(hidden)
    # The pauses between the looks bring it, on the third.
    sleep = disk.host.bin / "sleep"
    sleep.write_text(
        f'#!/bin/sh\necho x >>"{disk.host.root}/slept"\n'
        f'[ "$(wc -l <"{disk.host.root}/slept")" -lt 3 ] || mv "{hidden}" "{link}"\n'
    )
    sleep.chmod(0o755)
    done = bring_up(disk)
    assert done.returncode == 0, done.stdout
    assert disk.is_mounted()


def test_a_volume_that_never_comes(disk: Disk) -> None:
    (disk.host.devices / "disk" / "by-id" / BY_ID).unlink()
    done = disk.host.run(
        "insight-volume", VOLUME, str(disk.mount), INSIGHT_VOLUME_TRIES="2"
    )
    assert (done.returncode, done.stdout) == (
        1,
        f"the volume {VOLUME} is not attached to this machine\n",
    )


def test_a_copy_made_while_it_was_in_use_is_mended(disk: Disk, tmp_path: Path) -> None:
    if disk.loop is None:
        pytest.skip("nothing can be mounted on this machine")
    assert bring_up(disk).returncode == 0
    (disk.mount / "data").write_text("precious")
    output("sync", "--file-system", disk.mount)
    copy = disk.file.read_bytes()
    disk.unmount()
    disk.file.write_bytes(copy)
    output("blockdev", "--flushbufs", disk.loop)
    done = bring_up(disk)
    assert done.returncode == 0, done.stdout
    assert (disk.mount / "data").read_text() == "precious"
