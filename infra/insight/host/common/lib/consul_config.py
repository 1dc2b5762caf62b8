"""Prints the configuration of this machine's Consul agent.

Usage: consul_config.py ROLE DATACENTER SERVER-ADDRESS NODE-NAME <SECRET

ROLE is `server` (the machine of the database, which joins nobody: its SERVER-ADDRESS is empty) or
`client` (a web server). The secret's text
comes on standard input, because what a process is called with is no secret.
"""

import base64
import hashlib
import json
import socket
import sys

# An address of the internet that nobody has (RFC 5737): towards it go all that have one address.
ANYBODY = "192.0.2.1"

# What each machine offers, and how the agent finds out whether it works.
SERVICES = {
    "server": {
        "name": "postgres",
        "port": 5432,
        "check": {
            "id": "postgres-listens",
            "name": "PostgreSQL accepts connections",
            "tcp": "127.0.0.1:5432",
            "interval": "10s",
            "timeout": "3s",
        },
    },
    "client": {
        "name": "httpd",
        "port": 80,
        "check": {
            "id": "httpd-answers",
            "name": "httpd and the application answer",
            "http": "http://127.0.0.1/healthz",
            "interval": "10s",
            "timeout": "3s",
        },
    },
}


def address_towards(peer: str) -> str:
    """The address under which this machine reaches a peer. No packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((peer, 8301))
        return probe.getsockname()[0]


def gossip_key(secret: str) -> str:
    """The 32 bytes in Base64 that Consul asks for, from a text of any length."""
    return base64.b64encode(hashlib.sha256(secret.encode()).digest()).decode()


def configuration(
    role: str, datacenter: str, server: str, node: str, secret: str
) -> dict[str, object]:
    """The agent's configuration (Consul documentation, "Agents configuration file reference")."""
    service = SERVICES[role]
    config: dict[str, object] = {
        "datacenter": datacenter,
        "node_name": node,
        "data_dir": "/var/lib/consul",
        "server": role == "server",
        "bind_addr": address_towards(server or ANYBODY),
        # Nobody but this machine asks the agent.
        "client_addr": "127.0.0.1",
        "ports": {"http": 8500, "dns": 8600, "grpc": -1, "grpc_tls": -1},
        "encrypt": gossip_key(secret),
        "retry_join": [server] if server else [],
        "retry_interval": "5s",
        # A web server that stops is gone for good. The server's next machine has its
        # address: the members go on looking for one that has failed, not for one that
        # has taken its leave.
        "leave_on_terminate": role == "client",
        "skip_leave_on_interrupt": role == "server",
        "disable_update_check": True,
        "enable_script_checks": False,
        "dns_config": {"service_ttl": {"*": "5s"}},
        "services": [{**service, "id": service["name"]}],
    }
    if role == "server":
        config["bootstrap_expect"] = 1
    return config


def main(arguments: list[str]) -> None:
    if len(arguments) != 4 or arguments[0] not in SERVICES:
        sys.exit(
            "usage: consul_config.py server|client DATACENTER SERVER-ADDRESS NODE-NAME"
        )
    secret = sys.stdin.read().rstrip("\r\n")
    if not secret:
        sys.exit("the secret of the mesh is empty")
    json.dump(configuration(*arguments, secret), sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main(sys.argv[1:])
