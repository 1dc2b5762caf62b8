"""What the kernel under the tests can do of what the compose file asks for."""

import subprocess
from pathlib import Path


def has_ipvs() -> bool:
    """Whether it has what Docker's routing mesh is made of."""
    return Path("/proc/net/ip_vs").exists()


def has_esp() -> bool:
    """Whether it has what encrypted overlay networks are made of."""
    key = "0x" + "00" * 20
    ends = ("src", "192.0.2.1", "dst", "192.0.2.2", "proto", "esp", "spi", "0x1000")
    made = subprocess.run(
        [
            *("ip", "xfrm", "state", "add", *ends, "mode", "transport"),
            *("aead", "rfc4106(gcm(aes))", key, "64"),
        ],
        capture_output=True,
    )
    if made.returncode == 0:
        subprocess.run(["ip", "xfrm", "state", "delete", *ends], check=True)
    return made.returncode == 0


def adapt(compose: dict, ipvs: bool, esp: bool) -> dict:
    """The compose file without what this kernel lacks: ports of the machines in place of the
    mesh, addresses of the tasks in place of virtual ones, networks in clear."""
    for service in compose["services"].values():
        if not ipvs and "ports" in service:
            service["ports"] = [port | {"mode": "host"} for port in service["ports"]]
            service["deploy"]["endpoint_mode"] = "dnsrr"
            # Two tasks cannot have one port of a machine at the same time.
            service["deploy"].get("update_config", {})["order"] = "stop-first"
    if not esp:
        for network in compose["networks"].values():
            del network["driver_opts"]["encrypted"]
    return compose
