"""scripts/bootstrap: looks, says, asks, does, and remembers only what is complete."""

import os
import pty
import subprocess
import unittest

from support import ScriptCase

TOOLS = {
    "cargo": "cargo 1.95.0 (f2d3ce0bd 2026-03-21)",
    "cc": "12.2.0",
    "git": "git version 2.39.5",
    "packer": "Packer v1.6.6",
    "terraform": "Terraform v1.11.4\non linux_amd64",
    "aws": "aws-cli/1.45.11 Python/3.11.2",
    "ssh": "OpenSSH_9.2p1",
    "docker": "20.10.24",
    "debootstrap": "debootstrap 1.0.128",
}

# Both registries answer.
ANSWERS = """case $* in
  *terraform*) echo '{"providers.v1": "/v1/providers/"}' ;;
  *) printf 401 ;;
esac"""

PACKAGES = (
    "env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends"
)


class Bootstrap(ScriptCase):
    def setUp(self) -> None:
        super().setUp()
        for name, version in TOOLS.items():
            self.fake(name, version=version)
        self.fake("python3", "case $* in *importlib*) echo 5.2.1 ;; *) : ;; esac")
        self.fake("moto_server")
        self.fake("ssh-keygen")
        self.fake("curl", ANSWERS)
        self.fake("apt-get")
        self.fake("dpkg")
        self.be("0")
        (self.checkout / "Cargo.toml").write_text('rust-version = "1.88"\n')

    def be(self, user: str) -> None:
        self.fake("id", f"case $1 in -u) echo {user} ;; *) echo someone ;; esac")

    def remove(self, *names: str) -> None:
        for name in names:
            (self.bin / name).unlink()

    def bootstrap(self, code: int, *arguments: str, **options) -> str:
        result = self.run_script("scripts/bootstrap", *arguments, **options)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertEqual(result.stdout, "")
        return result.stderr

    def changes(self) -> list[str]:
        """The recorded calls of programs that change a machine."""
        changing = ("apt-get", "rustup", "usermod", "dockerd", "systemctl")
        return [call for call in self.called() if call.startswith(changing)]

    def stamps(self) -> list[str]:
        ready = self.home / "ready"
        return sorted(ready.iterdir()) if ready.exists() else []

    def test_nothing_to_do_where_everything_is(self) -> None:
        text = self.bootstrap(0)
        for name in ("cargo", "packer", "terraform", "docker", "aws", "moto_server"):
            self.assertRegex(text, rf"(?m)^  {name} .*{self.bin}/{name}$")
        self.assertNotIn("To do", text)
        self.assertEqual(self.changes(), [])
        (stamp,) = self.stamps()
        self.assertEqual(stamp.suffix, ".sandbox")
        self.assertIn(f"{self.bin}/packer\n", stamp.read_text())

    def test_nobody_to_ask(self) -> None:
        self.remove("packer", "ssh-keygen")
        for arguments in ((), ("--non-interactive",)):
            text = self.bootstrap(2, *arguments)
            self.assertIn(f"  {PACKAGES} packer openssh-client\n", text)
            self.assertIn("--yes does the above without asking", text)
        self.assertEqual(self.changes(), [])
        self.assertFalse(self.home.exists())

    def test_check_only_looks(self) -> None:
        self.remove("packer")
        text = self.bootstrap(5, "--check", "--yes")
        self.assertIn("packer: missing", text)
        self.assertEqual(self.changes(), [])
        self.assertFalse(self.home.exists())

    def test_what_is_run_is_what_was_said(self) -> None:
        self.remove("packer")
        self.fake("curl", ANSWERS.replace("401", "503"))
        (self.checkout / "scripts/install/base-rootfs").write_text(
            'mkdir -p "$AMIABLE_HOME/base"; touch "$AMIABLE_HOME/base/rootfs.tar"\n'
        )
        packer = "#!/bin/sh\\necho Packer v1.6.6\\n"
        self.fake(
            "apt-get",
            f"cd '{self.bin}' && printf '{packer}' >packer && chmod +x packer",
        )
        text = self.bootstrap(0, "--yes")
        said = text.split("To do, in ")[1].split("\n\n")[0].splitlines()[1:]
        self.assertEqual(
            said,
            [
                "  apt-get update",
                f"  {PACKAGES} packer",
                "  scripts/install/base-rootfs",
            ],
        )
        self.assertEqual(text.split("\n\n")[2].splitlines()[:3], said)
        self.assertEqual(
            self.changes(),
            [
                "apt-get update",
                "apt-get install --yes --no-install-recommends packer",
            ],
        )
        self.assertEqual(len(self.stamps()), 1)

    def test_what_stays_missing_is_said_and_not_remembered(self) -> None:
        self.remove("packer")
        self.fake("apt-get", "echo E: no such package >&2; exit 100")
        text = self.bootstrap(5, "--yes")
        self.assertIn("| E: no such package", text)
        self.assertIn("Still missing:\n  packer: missing", text)
        self.assertEqual(self.stamps(), [])
        self.assertIn("E: no such package", (self.home / "bootstrap.log").read_text())

    def test_without_root_the_commands_for_root_are_printed(self) -> None:
        self.be("1000")
        self.remove("packer", "terraform", "curl")
        text = self.bootstrap(5, "--yes")
        self.assertIn(f"  sudo {PACKAGES} curl ca-certificates packer unzip\n", text)
        base = self.checkout / "scripts/install/base-rootfs"
        self.assertIn(
            f"  sudo env AMIABLE_HOME='{self.home}' '{base}' --if-needed\n", text
        )
        self.assertIn("To do, in ", text)
        self.assertIn("Run the commands for root above", text)
        self.assertEqual(self.changes(), [])

    def test_without_root_its_own_part_is_done(self) -> None:
        self.be("1000")
        self.remove("packer", "aws")
        (self.checkout / "scripts/install/python-tools").write_text(
            'mkdir -p "$AMIABLE_HOME/venv/bin"\n'
            'cd "$AMIABLE_HOME/venv/bin"\n'
            "printf '#!/bin/sh\\necho aws-cli/1.45.11\\n' >aws\n"
            "chmod +x aws\n"
        )
        text = self.bootstrap(5, "--yes")
        self.assertIn("Still missing:\n  packer: missing\nRun", text)
        self.assertTrue((self.home / "venv/bin/aws").exists())

    def test_a_socket_that_is_not_ours(self) -> None:
        self.be("1000")
        self.fake("docker", "echo permission denied while trying to connect; exit 1")
        text = self.bootstrap(5, "--yes")
        self.assertIn("sudo usermod --append --groups docker someone\n", text)
        self.assertIn("log in again", text)

    def test_without_root_a_new_engine_is_made_ours(self) -> None:
        self.be("1000")
        self.remove("docker")
        text = self.bootstrap(5, "--yes")
        self.assertRegex(
            text,
            r"docker\.io iptables\n  sudo env .*start-docker'\n"
            r"  sudo usermod --append --groups docker someone\n",
        )

    def test_an_engine_that_does_not_run_is_started(self) -> None:
        self.fake("docker", "echo Cannot connect to the Docker daemon; exit 1")
        self.fake("dockerd")
        text = self.bootstrap(2)
        self.assertIn("  scripts/start-docker\n", text)
        self.assertNotIn("apt-get", text)

    def test_registries_out_of_reach(self) -> None:
        self.fake("curl", "exit 6")
        self.fake("uname", "case $1 in -m) echo x86_64 ;; *) echo Linux ;; esac")
        text = self.bootstrap(2)
        self.assertIn("registry.terraform.io does not answer", text)
        self.assertIn("  scripts/install/aws-provider\n", text)
        self.assertIn("  scripts/install/base-rootfs\n", text)

    def test_a_portal_that_answers_everything_is_no_registry(self) -> None:
        self.fake("curl", "echo 302")
        text = self.bootstrap(2)
        self.assertIn("registry.terraform.io does not answer", text)
        self.assertIn("no container registry answers", text)

    def test_the_engines_own_mirror_counts_as_registry(self) -> None:
        self.fake(
            "curl",
            "case $* in *terraform*) echo providers.v1 ;; *mirror*) printf 200 ;; *) exit 6 ;; esac",
        )
        self.fake(
            "docker",
            'case $1 in info) echo "https://mirror.example/ " ;; *) echo 27.1 ;; esac',
        )
        self.bootstrap(0)

    def test_the_provider_for_another_platform(self) -> None:
        self.fake("curl", "exit 6")
        self.fake("uname", "case $1 in -m) echo aarch64 ;; *) echo Linux ;; esac")
        text = self.bootstrap(2)
        self.assertNotIn("scripts/install/aws-provider", text)
        self.assertIn("the AWS provider's zip for linux_arm64", text)

    def test_levels(self) -> None:
        self.remove("docker", "moto_server", "ssh-keygen")
        self.bootstrap(0, "--for", "aws")
        self.assertEqual([stamp.suffix for stamp in self.stamps()], [".aws"])
        text = self.bootstrap(2, "--for", "emulator")
        self.assertIn("scripts/install/python-tools", text)
        self.assertNotIn("docker", text)
        self.assertIn("docker.io", self.bootstrap(2, "--for", "sandbox"))

    def test_tools_too_old(self) -> None:
        self.fake("terraform", version="Terraform v1.4.7")
        self.fake("cargo", version="cargo 1.75.0")
        self.fake("rustup")
        self.fake("python3", "case $* in *importlib*) echo 4.2.14 ;; *) : ;; esac")
        text = self.bootstrap(2)
        self.assertIn("is not Terraform 1.5.0 or later", text)
        self.assertIn("Terraform 1.5.0 or later instead of", text)
        self.assertIn("  rustup default stable\n", text)
        self.assertIn("  scripts/install/python-tools\n", text)

    def test_a_newer_minor_version_is_newer(self) -> None:
        self.fake("terraform", version="Terraform v1.14.0")
        self.fake("cargo", version="cargo 2.0.0")
        self.bootstrap(0)

    def test_another_program_called_packer(self) -> None:
        self.fake("packer", "cat")
        text = self.bootstrap(5, "--check")
        self.assertIn("is not Packer 1.6.0 or later", text)

    def test_an_override_is_what_counts(self) -> None:
        self.remove("terraform")
        self.fake("tofu", version="OpenTofu v1.8.3")
        self.assertIn("AMIABLE_TERRAFORM=tofu", self.bootstrap(2))
        text = self.bootstrap(0, env={"AMIABLE_TERRAFORM": "tofu"})
        self.assertRegex(text, r"terraform +1\.8\.3 +.*/tofu\n")
        text = self.bootstrap(5, "--check", env={"AMIABLE_TERRAFORM": "/nowhere"})
        self.assertIn("AMIABLE_TERRAFORM names no program", text)

    def test_where_there_is_no_apt(self) -> None:
        self.remove("apt-get", "packer", "docker")
        text = self.bootstrap(5)
        self.assertIn("Only you can do:", text)
        self.assertIn("brew install hashicorp/tap/packer", text)
        self.assertIn("https://docs.docker.com/engine/install/", text)
        self.assertNotIn("apt-get", text)

    def test_wrong_usage(self) -> None:
        for arguments in (("--maybe",), ("--for", "fun"), ("--for",), ("--with",)):
            with self.subTest(arguments):
                self.bootstrap(2, *arguments)
        self.assertEqual(self.changes(), [])

    def test_what_the_tests_need(self) -> None:
        self.assertNotIn("shellcheck", self.bootstrap(0))
        text = self.bootstrap(2, "--with", "tests")
        self.assertIn("shellcheck", text)
        self.assertIn("gnome-keyring", text)

    def at_a_terminal(self, typed: str) -> tuple[int, str]:
        """Runs bootstrap on a pseudo-terminal whose user types that line."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [self.checkout / "scripts/bootstrap"],
            cwd=self.checkout,
            env=self.env,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        os.write(ours, typed.encode())
        shown = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # Linux' way of saying that the other side is closed
                break
            if not part:
                break
            shown += part
        os.close(ours)
        return process.wait(timeout=60), shown.decode()

    def test_asked_at_a_terminal(self) -> None:
        self.remove("packer")
        for typed in ("n\n", "\n", "\x04"):
            code, shown = self.at_a_terminal(typed)
            self.assertEqual(code, 6, shown)
            self.assertIn("Do this now? [y/N]", shown)
            self.assertEqual(self.changes(), [])
        self.assertEqual(self.at_a_terminal("y\n")[0], 5)
        self.assertEqual(len(self.changes()), 2)


if __name__ == "__main__":
    unittest.main()
