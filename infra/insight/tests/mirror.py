"""A mirror of Consul's releases with a signing key of its own."""

import hashlib
import os
import subprocess
import zipfile
from pathlib import Path

from machine import INSIGHT

SCRIPT = INSIGHT.parents[1] / "packer" / "insight" / "scripts" / "install-consul.sh"
VERSION = "9.8.7"
ARCH = subprocess.run(
    ["dpkg", "--print-architecture"],
    check=True,
    stdout=subprocess.PIPE,
    encoding="utf-8",
).stdout.strip()


class Key:
    def __init__(self, home: Path, name: str) -> None:
        self.home = home
        home.mkdir(mode=0o700)
        self.gpg(
            "--passphrase",
            "",
            "--quick-generate-key",
            f"{name}@localhost",
            "ed25519",
            "sign",
            "never",
        )
        listing = self.gpg("--with-colons", "--list-keys")
        self.fingerprint = next(
            line.split(":")[9]
            for line in listing.splitlines()
            if line.startswith("fpr")
        )
        self.public = self.gpg("--armor", "--export")

    def gpg(self, *arguments: str) -> str:
        return subprocess.run(
            (
                [
                    "gpg",
                    "--homedir",
                    self.home,
                    "--batch",
                    "--quiet",
                    "--no-autostart",
                    *arguments,
                ]
                if "--list-keys" in arguments
                else ["gpg", "--homedir", self.home, "--batch", "--quiet", *arguments]
            ),
            check=True,
            capture_output=True,
            encoding="utf-8",
        ).stdout

    def sign(self, file: Path) -> None:
        self.gpg("--yes", "--detach-sign", "--output", f"{file}.sig", str(file))

    def close(self) -> None:
        subprocess.run(
            ["gpgconf", "--homedir", self.home, "--kill", "all"], check=False
        )


class Mirror:
    def __init__(self, folder: Path, key: Key) -> None:
        self.folder, self.key = folder, key
        self.release = folder / "releases" / VERSION
        self.release.mkdir(parents=True)
        self.archive = self.release / f"consul_{VERSION}_linux_{ARCH}.zip"
        self.sums = self.release / f"consul_{VERSION}_SHA256SUMS"
        self.fill(b"#!/bin/sh\necho genuine\n")
        (folder / "releases" / "pgp-key.txt").write_text(key.public)

    def fill(self, program: bytes) -> None:
        with zipfile.ZipFile(self.archive, "w") as archive:
            archive.writestr("consul", program)
            archive.writestr("LICENSE.txt", "")
        self.write_sums()

    def write_sums(self) -> None:
        digest = hashlib.sha256(self.archive.read_bytes()).hexdigest()
        self.sums.write_text(
            f"{'0' * 64}  consul_{VERSION}_darwin_{ARCH}.zip\n{digest}  {self.archive.name}\n"
        )
        self.key.sign(self.sums)

    def install(self, **changes: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            ["sh", SCRIPT],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "INSIGHT_ROOT": str(self.folder / "root"),
                "INSIGHT_STAND_IN": str(INSIGHT / "stand-in" / "consul"),
                "CONSUL_URL": f"file://{self.folder}/releases",
                "CONSUL_VERSION": VERSION,
                "CONSUL_KEY_URL": "",
                "CONSUL_KEY_FINGERPRINT": self.key.fingerprint,
                "CONSUL_STAND_IN": "refused",
                **changes,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )

    @property
    def installed(self) -> Path:
        return self.folder / "root" / "usr/local/bin/consul"

    @property
    def marker(self) -> Path:
        return self.folder / "root" / "usr/local/share/insight/consul-is-a-stand-in"
