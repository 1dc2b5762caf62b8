"""scripts/test: every section runs and counts, and nothing is left behind."""

import os
import subprocess
import unittest

from support import ScriptCase

# A process called dockerd, as bootstrap leaves it behind where there is no systemd.
DOCKERD = """#!/bin/sh
trap 'rm -f "$AMIABLE_HOME/docker/dockerd.pid"; exit' TERM
echo $$ >"$AMIABLE_HOME/docker/dockerd.pid"
echo up >"$FIFO"
while :; do sleep 0.1; done
"""

START = """#!/bin/sh
mkdir -p "$AMIABLE_HOME/docker"
mkfifo "$FIFO"
setsid "${0%/*}/dockerd" >/dev/null 2>&1 </dev/null &
read -r up <"$FIFO"
rm "$FIFO"
"""


class Test(ScriptCase):
    def setUp(self) -> None:
        super().setUp()
        for name in ("mkfifo", "ps", "setsid", "seq"):
            self.link(name)
        self.tmp = self.folder / "tmp"
        self.tmp.mkdir()
        self.env["TMPDIR"] = str(self.tmp)
        self.env["FIFO"] = str(self.folder / "fifo")
        self.script("bootstrap", '#!/bin/sh\necho "bootstrap $*" >>"$CALLS"\n')
        listed = self.run_script("scripts/test", "--list")
        self.sections = listed.stdout.split()
        for section in self.sections:
            self.script(
                f"check/{section}",
                f'#!/bin/sh\necho {section} >>"$CALLS"\ntouch "$AMIABLE_TEST_DIR/x"\n',
            )

    def script(self, name: str, text: str) -> None:
        path = self.checkout / "scripts" / name
        path.write_text(text)
        path.chmod(0o755)

    def test_every_section_has_a_program_and_the_other_way_round(self) -> None:
        there = sorted(os.listdir(self.checkout / "scripts/check"))
        self.assertEqual(sorted(self.sections), there)

    def test_all_sections(self) -> None:
        result = self.run_script("scripts/test")
        self.assertEqual(result.returncode, 0, result.stderr)
        first, *called = self.called()
        self.assertEqual(first, "bootstrap --yes --with tests")
        # The last two run beside some of the others.
        self.assertEqual(sorted(called), sorted(self.sections))
        beside = self.sections[-2:]
        self.assertEqual(
            [section for section in called if section not in beside], self.sections[:-2]
        )
        last = result.stdout.splitlines()[-1]
        self.assertEqual(last, f"{len(self.sections)} passed, 0 failed")
        self.assertEqual(self.files(self.tmp), [])

    def test_a_failed_section_does_not_stop_the_others(self) -> None:
        first = self.sections[0]
        self.script(f"check/{first}", "#!/bin/sh\nexit 3\n")
        result = self.run_script("scripts/test")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(sorted(self.called()[1:]), sorted(self.sections[1:]))
        self.assertRegex(result.stdout, rf"(?m)^{first} +FAILED ")
        last = result.stdout.splitlines()[-1]
        self.assertEqual(last, f"{len(self.sections) - 1} passed, 1 failed")
        self.assertEqual(os.listdir(self.tmp), [])

    def test_chosen_sections(self) -> None:
        result = self.run_script("scripts/test", "unit", "format")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.called()[1:], ["format", "unit"])
        self.assertTrue(result.stdout.endswith("\n2 passed, 0 failed\n"))

    def test_a_section_that_nothing_runs_beside_is_shown_at_once(self) -> None:
        beside = self.sections[-1]
        seen = self.folder / "seen"
        self.env["SEEN"] = str(seen)
        # Its own output is the file that it reads.
        self.script(f"check/{beside}", "#!/bin/sh\necho one\ngrep -c one \"$SEEN\"\n")
        with seen.open("w") as stdout:
            subprocess.run(
                [self.checkout / "scripts/test", beside],
                env=self.env,
                stdout=stdout,
                stderr=subprocess.DEVNULL,
                check=True,
                timeout=60,
            )
        self.assertIn(f"== {beside}\none\n1\n", seen.read_text())

    def fifos(self, sections: list[str]) -> str:
        """Makes one for each, `$FIFO.SECTION`; a script that waits until all have written into theirs."""
        for name in sections:
            os.mkfifo(f"{self.env['FIFO']}.{name}")
        return "".join(f'read -r up <"$FIFO.{name}"\n' for name in sections)

    def test_what_runs_beside_is_told_of_by_itself_and_counts(self) -> None:
        """They fail first of all, and wait for nothing else."""
        other, *beside = self.sections[-3:]
        for name in beside:
            fails = f'echo {name} runs\necho up >"$FIFO.{name}"\nexit 1\n'
            self.script(f"check/{name}", f"#!/bin/sh\n{fails}")
        self.script(f"check/{other}", f"#!/bin/sh\n{self.fifos(beside)}echo two\n")
        result = self.run_script("scripts/test", other, *beside)
        self.assertEqual(result.returncode, 1)
        for name in beside:
            self.assertIn(f"== {name}\n{name} runs\n", result.stdout)
        self.assertIn(f"== {other}\ntwo\n", result.stdout)
        self.assertTrue(result.stdout.endswith("\n1 passed, 2 failed\n"))

    def test_what_runs_beside_ends_with_the_whole(self) -> None:
        other, *beside = self.sections[-3:]
        for name in beside:
            self.script(
                f"check/{name}",
                f"#!/bin/sh\ntrap 'echo {name} ended >>\"$CALLS\"; exit 1' TERM\n"
                f'echo up >"$FIFO.{name}"\nwhile :; do sleep 0.1; done\n',
            )
        # The section beside them is asked to end, with the whole.
        ends = f'{self.fifos(beside)}kill -TERM "$PPID"\n'
        self.script(f"check/{other}", f"#!/bin/sh\n{ends}")
        result = self.run_script("scripts/test", other, *beside)
        self.assertEqual(result.returncode, 143, result.stderr)
        ended = sorted(f"{name} ended" for name in beside)
        self.assertEqual(sorted(self.called()[1:]), ended)
        self.assertEqual(os.listdir(self.tmp), [])

    def test_an_unknown_section(self) -> None:
        result = self.run_script("scripts/test", "unit", "fun")
        self.assertEqual(result.returncode, 2)
        self.assertEqual(self.called(), [])

    def test_a_section_that_cannot_run_has_failed(self) -> None:
        self.script("bootstrap", "#!/bin/sh\nexit 5\n")
        (self.checkout / "scripts/check/unit").unlink()
        result = self.run_script("scripts/test")
        self.assertEqual(result.returncode, 1)
        last = result.stdout.splitlines()[-1]
        self.assertEqual(last, f"{len(self.sections) - 1} passed, 1 failed")

    def start_dockerd(self) -> None:
        """Bootstrap's way of starting an engine, before the tests do."""
        self.script("dockerd", DOCKERD)
        self.script("start", START)
        subprocess.run(
            [self.checkout / "scripts/start"], env=self.env, check=True, timeout=60
        )
        pid = (self.home / "docker/dockerd.pid").read_text().strip()
        self.addCleanup(subprocess.run, ["kill", pid], stderr=subprocess.DEVNULL)

    def test_an_engine_that_bootstrap_started_is_ended(self) -> None:
        self.script("dockerd", DOCKERD)
        self.script("bootstrap", START)
        self.script(
            "check/unit",
            '#!/bin/sh\ncat "$AMIABLE_HOME/docker/dockerd.pid" >>"$CALLS"\nexit 1\n',
        )
        result = self.run_script("scripts/test", "unit")
        self.assertEqual(result.returncode, 1)
        (pid,) = self.called()
        self.assertTrue(pid.isdigit())
        self.assertFalse((self.home / "docker/dockerd.pid").exists())

    def test_an_engine_that_ran_before_goes_on(self) -> None:
        self.start_dockerd()
        result = self.run_script("scripts/test", "unit")
        self.assertEqual(result.returncode, 0, result.stderr)
        # Its last act would have been to remove this.
        self.assertTrue((self.home / "docker/dockerd.pid").exists())


if __name__ == "__main__":
    unittest.main()
