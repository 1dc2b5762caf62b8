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
        # The last one runs beside some of the others.
        self.assertEqual(sorted(called), sorted(self.sections))
        beside = self.sections[-1]
        self.assertEqual(
            [section for section in called if section != beside], self.sections[:-1]
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

    def test_what_runs_beside_is_told_of_by_itself_and_counts(self) -> None:
        """It fails first of all, and waits for nothing else."""
        beside, other = self.sections[-1], self.sections[-2]
        self.script(f"check/{beside}", '#!/bin/sh\necho one\necho up >"$FIFO"\nexit 1\n')
        self.script(f"check/{other}", '#!/bin/sh\nread -r up <"$FIFO"\necho two\n')
        os.mkfifo(self.env["FIFO"])
        result = self.run_script("scripts/test", beside, other)
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"== {beside}\none\n", result.stdout)
        self.assertIn(f"== {other}\ntwo\n", result.stdout)
        self.assertTrue(result.stdout.endswith("\n1 passed, 1 failed\n"))

    def test_what_runs_beside_ends_with_the_whole(self) -> None:
        beside, other = self.sections[-1], self.sections[-2]
        self.script(
            f"check/{beside}",
            "#!/bin/sh\ntrap 'echo ended >>\"$CALLS\"; exit 1' TERM\necho up >\"$FIFO\"\n"
            "while :; do sleep 0.1; done\n",
        )
        # The section beside it is asked to end, with the whole.
        self.script(
            f"check/{other}", '#!/bin/sh\nread -r up <"$FIFO"\nkill -TERM "$PPID"\n'
        )
        os.mkfifo(self.env["FIFO"])
        result = self.run_script("scripts/test", beside, other)
        self.assertEqual(result.returncode, 143, result.stderr)
        self.assertIn("ended", self.called())
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
