"""The compose file, and what the tests make of it on a lesser kernel."""

import pytest
import yaml
from cluster import COMPOSE
from kernel import adapt

TEXT = COMPOSE.read_text(encoding="utf-8")
SERVICES = yaml.safe_load(TEXT)["services"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_has_a_health_check_and_limits(name: str) -> None:
    service = SERVICES[name]
    assert service["healthcheck"]["test"][0] == "CMD-SHELL"
    assert service["healthcheck"]["retries"] > 0
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    assert service["deploy"]["restart_policy"]["condition"] in ("any", "on-failure")


def test_web_is_off_the_managers_and_reached_on_every_node() -> None:
    web = SERVICES["web"]
    assert web["deploy"]["placement"]["constraints"] == ["node.role != manager"]
    assert web["deploy"]["replicas"] == "${WEB_REPLICAS:-6}"
    assert [(p["published"], p["mode"]) for p in web["ports"]] == [(80, "ingress")]


def test_the_visualizer_is_on_a_manager() -> None:
    visualizer = SERVICES["visualizer"]
    assert visualizer["deploy"]["placement"]["constraints"] == ["node.role == manager"]
    assert [p["published"] for p in visualizer["ports"]] == [8080]
    assert visualizer["volumes"] == ["/var/run/docker.sock:/var/run/docker.sock:ro"]


def test_redis_keeps_its_data_and_to_itself() -> None:
    redis = SERVICES["redis"]
    assert redis["volumes"] == ["redis-data:/data"]
    assert "ports" not in redis
    assert redis["deploy"]["placement"]["constraints"] == [
        "node.labels.swarm-cluster.founder == true"
    ]


def test_the_network_is_encrypted() -> None:
    networks = yaml.safe_load(TEXT)["networks"]
    assert networks == {
        "webnet": {"driver": "overlay", "driver_opts": {"encrypted": "true"}}
    }


def test_images_are_the_usual_ones_unless_told_otherwise() -> None:
    assert [SERVICES[name]["image"] for name in ("web", "visualizer", "redis")] == [
        "${WEB_IMAGE:-thebellman/getting-started:latest}",
        "${VISUALIZER_IMAGE:-dockersamples/visualizer:stable}",
        "${REDIS_IMAGE:-redis:7-alpine}",
    ]


def test_a_kernel_that_can_all_gets_the_file_as_it_is() -> None:
    assert adapt(yaml.safe_load(TEXT), ipvs=True, esp=True) == yaml.safe_load(TEXT)


def test_a_lesser_kernel_gets_ports_of_machines_and_networks_in_clear() -> None:
    compose = adapt(yaml.safe_load(TEXT), ipvs=False, esp=False)
    services = compose["services"]
    assert {
        p["mode"] for name in ("web", "visualizer") for p in services[name]["ports"]
    } == {"host"}
    assert compose["networks"]["webnet"]["driver_opts"] == {}
