"""`./run`: readies and builds when it has to, and otherwise only starts the program."""

import os
import subprocess
import unittest

from support import ScriptCase

# Builds a program that says how it was called, and lists what it was made from.
CARGO = """
while [ "$1" != --target-dir ]; do shift; done
folder=$2/release
cat >"$folder/amiable" <<'EOF'
#!/bin/sh
echo "$PWD: $*"
EOF
chmod +x "$folder/amiable"
blank='\\ '
{
  printf '%s:' "$folder/amiable"
  for file in src/main.rs schemas/v1.json; do
    printf ' %s' "$PWD/$file" | sed 's/ /\\\\ /g; s/^\\\\ / /'
  done
  echo
} >"$folder/amiable.d"
"""

BOOTSTRAP = """#!/bin/sh
printf '%s\\n' "bootstrap $*" >>"$CALLS"
echo "looking"
exit "${BOOTSTRAP_EXIT:-0}"
"""


class Launcher(ScriptCase):
    def setUp(self) -> None:
        super().setUp()
        self.fake("cargo", CARGO)
        (self.checkout / "scripts/bootstrap").write_text(BOOTSTRAP)
        for name in ("Cargo.toml", "Cargo.lock", "src/main.rs", "schemas/v1.json"):
            path = self.checkout / name
            path.parent.mkdir(exist_ok=True)
            path.touch()

    def make_ready(self, level: str = "sandbox", found: str = "") -> None:
        scripts = self.checkout / "scripts"
        parts = [scripts / "bootstrap"]
        for folder in ("lib", "install"):
            parts += sorted((scripts / folder).iterdir())
        text = b"".join(path.read_bytes() for path in parts)
        sum_ = subprocess.run(["cksum"], input=text, stdout=subprocess.PIPE, check=True)
        stamp = self.home / "ready" / f"{sum_.stdout.split()[0].decode()}.{level}"
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.write_text(found)

    def run_it(self, *arguments: str, **options) -> list[str]:
        """The programs that were called, by name, when `./run` succeeds."""
        result = self.run_script("run", *arguments, **options)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.stdout = result.stdout
        return [call.split()[0] for call in self.called()]

    def bootstrap_arguments(self, *arguments: str) -> str:
        result = self.run_script("run", *arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        calls = [call for call in self.called() if call.startswith("bootstrap ")]
        return calls[0].removeprefix("bootstrap ") if calls else "none"

    def test_first_run_readies_builds_and_deploys(self) -> None:
        self.assertEqual(self.run_it(), ["bootstrap", "cargo"])
        self.assertEqual(self.stdout, f"{self.checkout}: up\n")

    def test_second_run_only_starts_the_program(self) -> None:
        self.make_ready()
        self.assertEqual(self.run_it(), ["cargo"])
        self.assertEqual(self.run_it(), [])
        self.assertEqual(self.stdout, f"{self.checkout}: up\n")

    def test_arguments_are_handed_on_as_they_are(self) -> None:
        self.run_it("output", "a b", "", "--", "--yes")
        self.assertEqual(self.stdout, f"{self.checkout}: output a b  -- --yes\n")

    def test_options_alone_mean_up(self) -> None:
        self.run_it("--yes", "--env", "prod")
        self.assertEqual(self.stdout, f"{self.checkout}: --yes --env prod up\n")
        self.run_it("--help")
        self.assertEqual(self.stdout, f"{self.checkout}: --help\n")

    def test_only_the_program_writes_to_stdout(self) -> None:
        self.assertEqual(self.run_it("up"), ["bootstrap", "cargo"])
        self.assertEqual(self.stdout, f"{self.checkout}: up\n")

    def test_yes_answers_bootstrap_too(self) -> None:
        self.assertEqual(self.bootstrap_arguments("up"), "--for sandbox")
        self.assertEqual(self.bootstrap_arguments("up", "--yes"), "--for sandbox --yes")
        self.assertEqual(
            self.bootstrap_arguments("task", "x", "--", "--yes"), "--for sandbox"
        )
        self.assertEqual(
            self.bootstrap_arguments("--non-interactive"),
            "--for sandbox --non-interactive",
        )

    def test_the_machine_is_readied_for_what_is_asked(self) -> None:
        for arguments, level in {
            ("up", "--env", "prod"): "aws",
            ("--env=prod", "up"): "aws",
            ("up", "--env", "sandbox"): "sandbox",
            ("up", "--no-provision"): "emulator",
            ("--env", "prod", "--no-provision", "up"): "aws",
            ("sandbox", "start"): "sandbox",
            ("up", "report"): "sandbox",
        }.items():
            with self.subTest(arguments):
                self.assertEqual(self.bootstrap_arguments(*arguments), f"--for {level}")

    def test_what_needs_no_tools_is_not_kept_waiting(self) -> None:
        for arguments in (
            ("help",),
            ("--version",),
            ("up", "--help"),
            ("completions", "bash"),
            ("output", "dashboard_url"),
            ("--env", "prod", "output", "dashboard_url"),
            ("report", "list"),
            ("doctor",),
            ("stack", "list"),
            ("sandbox", "status"),
        ):
            with self.subTest(arguments):
                self.assertEqual(self.bootstrap_arguments(*arguments), "none")

    def test_a_machine_readied_for_more_is_ready_for_less(self) -> None:
        self.make_ready("emulator")
        self.assertEqual(self.bootstrap_arguments("up", "--no-provision"), "none")
        self.assertEqual(self.bootstrap_arguments("up", "--env", "prod"), "none")
        self.assertEqual(self.bootstrap_arguments("up"), "--for sandbox")

    def test_a_tool_that_has_gone_is_noticed(self) -> None:
        tool = self.folder / "tool"
        tool.touch()
        self.make_ready(found=f"{tool}\n")
        self.assertEqual(self.bootstrap_arguments("up"), "none")
        tool.unlink()
        self.assertEqual(self.bootstrap_arguments("up"), "--for sandbox")

    def test_changed_scripts_look_again(self) -> None:
        self.make_ready()
        self.edit("scripts/lib/pins.sh", "packer_minimum=", "packer_minimum=9")
        self.assertEqual(self.bootstrap_arguments("up"), "--for sandbox")

    def test_a_declined_bootstrap_ends_it(self) -> None:
        result = self.run_script("run", env={"BOOTSTRAP_EXIT": "6"})
        self.assertEqual(result.returncode, 6)
        self.assertEqual(self.called(), ["bootstrap --for sandbox"])

    def test_a_failed_build_ends_it_and_is_tried_again(self) -> None:
        self.make_ready()
        self.fake("cargo", "exit 101")
        result = self.run_script("run")
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("the build of amiable failed", result.stderr)
        self.fake("cargo", CARGO)
        self.assertEqual(len(self.called()), 1)
        self.assertEqual(self.run_it(), ["cargo"])

    def test_changed_sources_are_built(self) -> None:
        self.make_ready()
        self.run_it()
        changes = {
            "a source": lambda: self.touch("src/main.rs"),
            "a new source": lambda: self.touch("src/new.rs"),
            "a source less": lambda: (self.checkout / "src/new.rs").unlink(),
            "the manifest": lambda: self.touch("Cargo.toml"),
            "the lock file": lambda: self.touch("Cargo.lock"),
            "a file that a source includes": lambda: self.touch("schemas/v1.json"),
            "the program itself": lambda: (
                self.checkout / "target/release/amiable"
            ).unlink(),
        }
        for what, change in changes.items():
            with self.subTest(what):
                change()
                self.assertEqual(self.run_it(), ["cargo"])
                self.assertEqual(self.run_it(), [])

    def touch(self, name: str) -> None:
        (self.checkout / name).write_text("changed")

    def test_a_source_saved_during_the_build_is_built_next(self) -> None:
        self.make_ready()
        # A file's time is that of the kernel's last tick: on a quick machine the build may not have
        # taken as long as one.
        late = 'until [ src/main.rs -nt "$folder/.amiable-sources.new" ]; do echo late >src/main.rs; done\n'
        self.fake("cargo", CARGO + late)
        self.run_it()
        self.fake("cargo", CARGO)
        self.called()
        self.assertEqual(self.run_it(), ["cargo"])

    def test_cargo_target_dir_is_respected(self) -> None:
        self.make_ready()
        env = {"CARGO_TARGET_DIR": "elsewhere"}
        self.assertEqual(self.run_it(env=env), ["cargo"])
        self.assertEqual(self.run_it(env=env), [])
        self.assertTrue((self.checkout / "elsewhere/release/amiable").exists())
        self.assertFalse((self.checkout / "target").exists())

    def test_from_another_folder(self) -> None:
        self.make_ready()
        self.run_it("up", cwd=self.folder)
        self.assertEqual(self.stdout, f"{self.checkout}: up\n")

    def test_a_relative_directory_is_the_callers(self) -> None:
        self.make_ready()
        self.run_it("-C", "project", "up", cwd=self.folder)
        self.assertEqual(self.stdout, f"{self.folder}: -C project up\n")

    def test_through_a_symbolic_link(self) -> None:
        self.make_ready()
        os.symlink(self.checkout / "run", self.bin / "deploy")
        self.run_it()
        result = subprocess.run(
            ["deploy"],
            env=self.env,
            cwd=self.folder,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        self.assertEqual(result.stdout, f"{self.checkout}: up\n", result.stderr)

    def test_without_cargo_it_says_so(self) -> None:
        (self.bin / "cargo").unlink()
        result = self.run_script("run", "doctor")
        self.assertEqual(result.returncode, 5)
        self.assertIn("cargo is not there", result.stderr)


if __name__ == "__main__":
    unittest.main()
