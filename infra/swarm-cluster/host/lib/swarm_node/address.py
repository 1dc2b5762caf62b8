"""The address under which other nodes reach this one."""

import socket


def primary_address() -> str:
    """The source address of this machine's default route; raises OSError without one.

    Connecting a UDP socket sends nothing. 192.0.2.1 is for documentation (RFC 5737).
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return probe.getsockname()[0]
