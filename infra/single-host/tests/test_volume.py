"""mount-volume, on loop devices."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from machine import STACK, VOLUME, Disk

PROGRAM = STACK / "host" / "bin" / "mount-volume"
BY_ID = "disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123456789abcdef0"


class Attached:
    """A disk as a machine sees it, and the folder where it is mounted."""

    def __init__(self, folder: Path) -> None:
        self.disk = Disk(folder / "disk", "16M")
        self.devices = folder / "dev"
        self.mount = folder / "mount"
        self.attach(BY_ID)

    def attach(self, name: str) -> None:
        link = self.devices / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(self.disk.device)

    def detach(self) -> None:
        (self.devices / BY_ID).unlink()

    def bring_up(self) -> subprocess.CompletedProcess:
        return subprocess.run(
            [PROGRAM, VOLUME, self.mount],
            env={
                "PATH": os.environ["PATH"],
                "SINGLE_HOST_DEVICES": str(self.devices),
                "SINGLE_HOST_VOLUME_TRIES": "1",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )

    def unmount(self) -> None:
        if os.path.ismount(self.mount):
            subprocess.run(["umount", self.mount], check=True)

    def grow(self, size: str) -> None:
        for command in (
            ["truncate", f"--size={size}", self.disk.file],
            ["losetup", "--set-capacity", self.disk.device],
        ):
            subprocess.run(command, check=True)


@pytest.fixture
def attached(tmp_path: Path) -> Iterator[Attached]:
    one = Attached(tmp_path)
    yield one
    one.unmount()
    one.disk.close()


def test_a_new_volume_gets_a_file_system_and_keeps_it(attached: Attached) -> None:
    done = attached.bring_up()
    assert done.returncode == 0, done.stdout
    assert os.path.ismount(attached.mount)
    (attached.mount / "data").write_text("precious")
    # Once more while it is mounted, and after a boot.
    assert attached.bring_up().returncode == 0
    attached.unmount()
    assert attached.bring_up().returncode == 0
    assert (attached.mount / "data").read_text() == "precious"


def test_a_volume_that_has_grown_is_used_whole(attached: Attached) -> None:
    assert attached.bring_up().returncode == 0
    before = os.statvfs(attached.mount).f_blocks
    attached.unmount()
    attached.grow("32M")
    done = attached.bring_up()
    assert done.returncode == 0, done.stdout
    assert os.statvfs(attached.mount).f_blocks > before * 1.5


@pytest.mark.parametrize("command", [("mkfs.ext2", "-q"), ("mkswap",)])
def test_something_else_is_never_formatted(
    attached: Attached, command: tuple[str, ...]
) -> None:
    subprocess.run([*command, attached.disk.device], check=True, capture_output=True)
    before = attached.disk.file.read_bytes()
    done = attached.bring_up()
    assert (done.returncode, "and is not formatted" in done.stdout) == (1, True)
    assert attached.disk.file.read_bytes() == before


def test_something_unknown_is_never_formatted(attached: Attached) -> None:
    with open(attached.disk.device, "r+b") as device:
        device.seek(3 << 20)
        device.write(b"nobody knows what this is")
    done = attached.bring_up()
    assert (done.returncode, "holds something unknown" in done.stdout) == (1, True)


def test_an_older_machine_names_it_by_its_letter(attached: Attached) -> None:
    attached.detach()
    attached.attach("xvdf")
    assert attached.bring_up().returncode == 0
    assert os.path.ismount(attached.mount)


def test_a_volume_that_never_comes(attached: Attached) -> None:
    attached.detach()
    done = attached.bring_up()
    assert done.stdout == f"the volume {VOLUME} is not attached to this machine\n"
    assert done.returncode == 1


def test_something_else_on_the_mount_is_left_alone(attached: Attached) -> None:
    attached.mount.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", attached.mount], check=True)
    done = attached.bring_up()
    assert (done.returncode, "something else than" in done.stdout) == (1, True)
