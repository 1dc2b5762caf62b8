"""What a node remembers over restarts: one small file for each fact."""

import os
from pathlib import Path


class Memory:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def recall(self, fact: str) -> str | None:
        try:
            return (self._folder / fact).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None

    def remember(self, fact: str, value: str) -> None:
        """Replaces the file, so that a crash leaves the old value or the new one."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f".{fact}.new"
        with path.open("w", encoding="utf-8") as file:
            file.write(value + "\n")
            file.flush()
            os.fsync(file.fileno())
        path.replace(self._folder / fact)
