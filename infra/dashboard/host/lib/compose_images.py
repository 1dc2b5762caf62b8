"""Checks a tree's docker-compose.yml and prints the images it names.

One line per image: the image, a tab, and the folder to build it from, or "-" when
it comes from a registry.
"""

import re
import sys
from pathlib import Path

import yaml

COMPOSE_FILE = "docker-compose.yml"
IMAGE = re.compile(
    r"(?P<repository>[a-z0-9][a-z0-9._/:-]*?):(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]*)"
)
SEMANTIC_VERSION = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?"
)


class BadCompose(Exception):
    """The compose file cannot be deployed, and why."""


def load(tree: Path) -> dict:
    try:
        document = yaml.safe_load((tree / COMPOSE_FILE).read_text(encoding="utf-8"))
    except OSError as error:
        raise BadCompose(f"cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadCompose(f"is no YAML: {' '.join(str(error).split())}") from error
    services = document.get("services") if isinstance(document, dict) else None
    if not isinstance(services, dict) or not services:
        raise BadCompose("has no services")
    return services


def image_of(tree: Path, name: str, service: object) -> tuple[str, str]:
    image = service.get("image") if isinstance(service, dict) else None
    if not isinstance(image, str):
        raise BadCompose(f"services.{name} has no image")
    parts = IMAGE.fullmatch(image)
    if parts is None:
        raise BadCompose(f"services.{name}.image: {image!r} is no NAME:VERSION")
    folder = parts["repository"].rsplit("/", 1)[-1]
    if not (tree / folder / "Dockerfile").is_file():
        return image, "-"
    if SEMANTIC_VERSION.fullmatch(parts["tag"]) is None:
        raise BadCompose(
            f"services.{name}.image: {parts['tag']!r} is no semantic version such as 1.2.0"
        )
    return image, folder


def main(tree: Path) -> int:
    try:
        images = {image_of(tree, name, service) for name, service in load(tree).items()}
    except BadCompose as error:
        print(f"{COMPOSE_FILE} {error}", file=sys.stderr)
        return 1
    for image, folder in sorted(images):
        print(f"{image}\t{folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
