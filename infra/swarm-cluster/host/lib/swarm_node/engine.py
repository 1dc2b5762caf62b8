"""The Docker engine's HTTP API on its socket, as far as a node needs it.

Not the command line: a token among a program's arguments is for everyone to see.
Docker Engine API 1.41 (20.10) and later: docs.docker.com/reference/api/engine.
"""

import http.client
import json
import socket
from pathlib import Path


class EngineError(Exception):
    """The engine did not answer, or refused; the text is its own."""


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class Engine:
    def __init__(self, path: Path) -> None:
        self._path = path

    def _call(self, method: str, path: str, body: dict | None = None) -> object:
        # Joining answers after 20 seconds at the latest.
        connection = _Connection(self._path, timeout=90)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise EngineError(f"docker does not answer: {error}") from error
        finally:
            connection.close()
        try:
            told = json.loads(content) if content else None
        except ValueError:
            told = None
        if answer.status >= 300:
            message = told.get("message") if isinstance(told, dict) else answer.reason
            raise EngineError(f"docker refuses {path}: {message}")
        return told

    def swarm_state(self) -> str:
        """inactive, pending, active, error or locked."""
        return self._call("GET", "/info")["Swarm"]["LocalNodeState"]

    def swarm_error(self) -> str:
        return self._call("GET", "/info")["Swarm"]["Error"]

    def node_id(self) -> str:
        return self._call("GET", "/info")["Swarm"]["NodeID"]

    def found_swarm(self, address: str, address_pool: str) -> None:
        self._call(
            "POST",
            "/swarm/init",
            {
                "ListenAddr": "0.0.0.0:2377",
                "AdvertiseAddr": address,
                "DefaultAddrPool": [address_pool],
                "SubnetSize": 24,
            },
        )

    def join_swarm(self, address: str, managers: tuple[str, ...], token: str) -> None:
        self._call(
            "POST",
            "/swarm/join",
            {
                "ListenAddr": "0.0.0.0:2377",
                "AdvertiseAddr": address,
                "RemoteAddrs": list(managers),
                "JoinToken": token,
            },
        )

    def leave_swarm(self) -> None:
        self._call("POST", "/swarm/leave?force=true")

    def swarm(self) -> dict:
        """The swarm's ID and JoinTokens. Managers only."""
        return self._call("GET", "/swarm")

    def nodes(self) -> list[dict]:
        """Managers only."""
        return self._call("GET", "/nodes")

    def label_node(self, node_id: str, label: str, value: str) -> None:
        """Gives a node a label for the services' placement. Managers only."""
        node = self._call("GET", f"/nodes/{node_id}")
        labels = node["Spec"].get("Labels") or {}
        if labels.get(label) == value:
            return
        spec = node["Spec"] | {"Labels": labels | {label: value}}
        version = node["Version"]["Index"]
        self._call("POST", f"/nodes/{node_id}/update?version={version}", spec)
