"""scripts/draw-network: what is in the picture of a state, and what is not."""

import json
import subprocess
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

PROGRAM = Path(__file__).resolve().parents[2] / "scripts" / "draw-network"


def resource(kind: str, **attributes: object) -> dict:
    return {"mode": "managed", "type": kind, "name": "x", "instances": [{"attributes": attributes}]}


def named(name: str) -> dict:
    return {"Name": name}


STATE = {
    "resources": [
        resource("aws_vpc", id="vpc-1", cidr_block="10.0.0.0/24", tags=named("app-test")),
        resource("aws_internet_gateway", id="igw-1"),
        resource("aws_subnet", id="s-pub", availability_zone="a", cidr_block="10.0.0.0/26", tags=named("app-test-public")),
        resource("aws_subnet", id="s-priv", availability_zone="a", cidr_block="10.0.0.64/26", tags=named("app-test-private")),
        resource("aws_route", route_table_id="rt-pub", gateway_id="igw-1"),
        resource("aws_route", route_table_id="rt-priv", gateway_id="", nat_gateway_id="nat-1"),
        resource("aws_route_table_association", subnet_id="s-pub", route_table_id="rt-pub"),
        resource("aws_route_table_association", subnet_id="s-priv", route_table_id="rt-priv"),
        resource("aws_nat_gateway", id="nat-1", subnet_id="s-pub"),
        resource("aws_security_group", id="sg-1", name="x", tags=named("app-test-web")),
        resource("aws_security_group", id="sg-2", name="x", tags=named("app-test-<db>")),
        resource(
            "aws_security_group_rule",
            **{"type": "ingress", "security_group_id": "sg-1", "protocol": "tcp", "from_port": 80, "to_port": 80},
            cidr_blocks=["0.0.0.0/0", "192.0.2.0/24"],
        ),
        resource(
            "aws_security_group_rule",
            **{"type": "ingress", "security_group_id": "sg-2", "protocol": "tcp", "from_port": 5432, "to_port": 5433},
            source_security_group_id="sg-1",
        ),
        resource(
            "aws_security_group_rule",
            **{"type": "ingress", "security_group_id": "sg-1", "protocol": "50", "from_port": 0, "to_port": 0},
            self=True,
        ),
        resource(
            "aws_security_group_rule",
            **{"type": "egress", "security_group_id": "sg-1", "protocol": "-1", "from_port": 0, "to_port": 0},
            cidr_blocks=["198.51.100.0/24"],
        ),
        resource("aws_network_interface", id="eni-1", subnet_id="s-priv", security_groups=["sg-2"]),
        resource(
            "aws_instance",
            id="i-1",
            instance_type="t3.small",
            tags=named("app-test-db"),
            network_interface=[{"network_interface_id": "eni-1"}],
        ),
        resource("aws_launch_template", id="lt-1", instance_type="t3.micro", vpc_security_group_ids=["sg-1"]),
        resource(
            "aws_autoscaling_group",
            launch_template=[{"id": "lt-1"}],
            desired_capacity=3,
            tag=[{"key": "Name", "value": "app-test-web"}],
            vpc_zone_identifier=["s-pub"],
        ),
        resource(
            "aws_ecs_service",
            name="app-test",
            launch_type="FARGATE",
            network_configuration=[{"subnets": ["s-priv"], "security_groups": ["sg-2"]}],
        ),
        resource("aws_appautoscaling_target", resource_id="service/app-test/app-test", min_capacity=2, max_capacity=5),
        {"mode": "data", "type": "aws_region", "name": "x", "instances": [{"attributes": {"id": "r"}}]},
    ]
}


def draw(state: dict) -> str:
    return subprocess.run(
        [PROGRAM, "a <title>"], input=json.dumps(state), capture_output=True, text=True, check=True
    ).stdout


class DrawNetwork(unittest.TestCase):
    def setUp(self) -> None:
        self.picture = draw(STATE)
        tree = ElementTree.fromstring(self.picture)
        texts = tree.findall(".//{http://www.w3.org/2000/svg}text")
        self.at = {text.text: float(text.get("y")) for text in texts}

    def test_everything_is_in_its_subnet(self) -> None:
        order = [
            "VPC 10.0.0.0/24",
            "public subnet 10.0.0.0/26",
            "NAT gateway",
            "web × 3",
            "t3.micro, auto scaling group",
            "private subnet 10.0.0.64/26",
            "db",
            "tasks × 2 to 5",
            "Fargate service",
            "in <db>",
        ]
        self.assertEqual(sorted(order, key=lambda text: self.at[text]), order)

    def test_who_may_reach_what(self) -> None:
        rules = [text for text in self.at if "→" in text]
        self.assertEqual(
            sorted(rules),
            [
                "192.0.2.0/24 → web: tcp 80",
                "the internet → web: tcp 80",
                "web → <db>: tcp 5432-5433",
                "web → web: ESP",
            ],
        )

    def test_ids_are_not_in_it(self) -> None:
        for identifier in ("vpc-1", "sg-1", "i-1", "s-pub", "lt-1", "app-test"):
            self.assertNotIn(identifier, self.picture)

    def test_the_order_of_the_state_does_not_matter(self) -> None:
        self.assertEqual(draw({"resources": STATE["resources"][::-1]}), self.picture)

    def test_usage(self) -> None:
        done = subprocess.run([PROGRAM], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("usage: draw-network TITLE", done.stderr)


if __name__ == "__main__":
    unittest.main()
