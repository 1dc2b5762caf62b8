"""Prints the public AMIs that the installed moto offers in one region, as a JSON list.

Usage: python amis.py REGION
"""

import gzip
import json
import sys
from importlib.util import find_spec
from pathlib import Path


def load(path: Path) -> list[dict]:
    if not path.exists():
        return []
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        return json.load(file)


def newest_of_each_family(amis: list[dict]) -> list[dict]:
    """moto has a thousand ECS images a region, which differ by the date in their names."""
    families: dict[str, dict] = {}
    for ami in sorted(amis, key=lambda ami: ami["name"]):
        family = "".join("0" if c.isdigit() else c for c in ami["name"])
        families[family] = ami
    return list(families.values())


def main(region: str) -> None:
    # The package is not imported: that would cost seconds, and only its data files are wanted.
    spec = find_spec("moto")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("moto is not installed for this Python")
    resources = Path(spec.submodule_search_locations[0]) / "ec2" / "resources"
    amis: dict[str, dict] = {}
    for path in sorted(resources.glob("amis.json*")):
        amis.update((ami["ami_id"], ami) for ami in load(path))
    for path in sorted(resources.glob(f"latest_amis/{region}.json*")):
        amis.update((ami["ami_id"], ami) for ami in load(path))
    for path in sorted(resources.glob(f"ecs/optimized_amis/{region}.json*")):
        for ami in newest_of_each_family(load(path)):
            amis[ami["ami_id"]] = ami
    json.dump(list(amis.values()), sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
