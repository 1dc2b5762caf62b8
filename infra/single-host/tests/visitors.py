"""Clients that request a page without a pause, and write down every answer."""

import http.client
import socket
import struct
import threading
import time
from collections import Counter

CLIENTS = 2
# Requests by one client, at the most: more than it makes during the longest release.
MOST = 1_000_000
# Closing resets the connection (`socket(7)`): one that is closed in the ordinary way holds its
# port for a minute, and visitors that never pause would use up all there are.
AT_ONCE = struct.pack("ii", 1, 0)


class Visitors:
    """Each request has a connection of its own; whatever is not a 200 has failed. Those that
    are there before anything is released are only counted from `released` on: what was asked
    earlier has nothing that could answer it.
    """

    def __init__(
        self, address: str, path: str = "/version", nothing_yet: bool = False
    ) -> None:
        self._address, self._path = address, path
        self._released = threading.Event()
        if not nothing_yet:
            self._released.set()
        self._enough = threading.Event()
        self._lock = threading.Lock()
        self.answers: Counter[str] = Counter()
        self.failed: list[str] = []
        self._threads = [threading.Thread(target=self._visit) for _ in range(CLIENTS)]

    def released(self) -> None:
        self._released.set()

    @property
    def count(self) -> int:
        with self._lock:
            return self.answers.total() + len(self.failed)

    def _visit(self) -> None:
        for _ in range(MOST):
            if self._enough.is_set():
                return
            counts = self._released.is_set()
            answer, failed = self._request()
            if not counts:
                continue
            with self._lock:
                if failed:
                    self.failed.append(answer)
                else:
                    self.answers[answer] += 1

    def _request(self) -> tuple[str, bool]:
        connection = http.client.HTTPConnection(self._address, timeout=60)
        try:
            connection.connect()
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            connection.request("GET", self._path)
            response = connection.getresponse()
            text = response.read().decode().strip()
            return (
                (text, False)
                if response.status == 200
                else (f"{response.status} {text}", True)
            )
        except (OSError, http.client.HTTPException) as error:
            return repr(error), True
        finally:
            connection.close()

    def __enter__(self) -> "Visitors":
        for thread in self._threads:
            thread.start()
        return self

    def wait_for(self, count: int) -> None:
        deadline = time.monotonic() + 300
        while self.count < count and time.monotonic() < deadline:
            time.sleep(0.05)
        assert self.count >= count, f"only {self.count} requests in time"

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        for thread in self._threads:
            thread.join()
