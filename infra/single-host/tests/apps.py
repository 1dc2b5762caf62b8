"""The sample app, changed as its developers would change it, well or badly."""

import shutil
from pathlib import Path

from machine import STACK

SLOW = """    when ['GET', '/slow'] then sleep(4) && text(200, "#{@version}\\n")
"""
COLUMN = """Sequel.migration { change { add_column(:notes, :author, String) } }
"""
BROKEN = """Sequel.migration { up { run 'ALTER TABLE nowhere ADD COLUMN x INT' } }
"""
LATE = """Sequel.migration { up { warn 'the migration waits'; sleep 60 } }
"""


def sample(folder: Path) -> Path:
    """A copy, with a page that takes its time."""
    app = folder / "app"
    shutil.copytree(STACK / "app", app)
    replace(
        app / "lib" / "guestbook.rb", "    else text(404", f"{SLOW}    else text(404"
    )
    return app


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def migration(app: Path, name: str, text: str) -> None:
    (app / "db" / "migrations" / name).write_text(text)


def unhealthy(app: Path) -> None:
    replace(app / "lib" / "guestbook.rb", 'text(200, "ok\\n")', 'text(500, "ill\\n")')


def ends_at_once(app: Path) -> None:
    (app / "config.ru").write_text("abort 'this app has had enough'\n")
