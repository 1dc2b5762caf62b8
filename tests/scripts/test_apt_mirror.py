"""The Debian mirror is the one that the machine itself is configured with."""

import subprocess
import unittest

from support import ROOT, ScriptCase


class AptMirror(ScriptCase):
    def mirror(self, suite: str = "bookworm", **files: str) -> str:
        """What is found when /etc/apt has these files, `_` standing for a dot."""
        apt = self.folder / "apt"
        (apt / "sources.list.d").mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            folder = apt if name == "sources_list" else apt / "sources.list.d"
            (folder / name.replace("_", ".")).write_text(text)
        script = f'. "{ROOT}/scripts/lib/apt-mirror.sh"; apt_mirror_of "$1" "$2"'
        return subprocess.check_output(
            ["sh", "-euc", script, "sh", suite, str(apt)], env=self.env, text=True
        ).strip()

    def test_one_line_style(self) -> None:
        found = self.mirror(
            sources_list="# deb http://no.example/debian bookworm main\n"
            "deb-src http://source.example/debian bookworm main\n"
            "deb http://security.example/debian bookworm-security main\n"
            "deb  [arch=amd64 signed-by=/a/b]  http://yes.example/debian bookworm contrib main\n"
            "deb http://later.example/debian bookworm main\n"
        )
        self.assertEqual(found, "http://yes.example/debian")

    def test_deb822_style(self) -> None:
        found = self.mirror(
            off_sources="Enabled: no\nTypes: deb\nURIs: http://off.example/debian\n"
            "Suites: bookworm\nComponents: main\n",
            on_sources="# a comment\nTypes: deb-src\nURIs: http://source.example/debian\n"
            "Suites: bookworm\nComponents: main\n\n"
            "Types: deb deb-src\n# another\n"
            "URIs: https://yes.example/debian http://second.example/debian\n"
            "Suites: bookworm-updates\n bookworm\nComponents: main contrib\n",
        )
        self.assertEqual(found, "https://yes.example/debian")

    def test_another_release_is_no_mirror_of_this_one(self) -> None:
        self.assertEqual(
            self.mirror(
                sources_list="deb http://archive.example/ubuntu noble main\n",
                extra_list="deb http://vendor.example/apt bookworm stable\n",
            ),
            "",
        )

    def test_no_sources_at_all(self) -> None:
        self.assertEqual(self.mirror(), "")


if __name__ == "__main__":
    unittest.main()
