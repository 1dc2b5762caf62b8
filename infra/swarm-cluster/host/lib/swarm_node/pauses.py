"""Pauses between attempts: growing, jittered, and ending."""

import random
import time
from collections.abc import Callable, Iterator


def pauses(
    patience: float,
    longest: float,
    clock: Callable[[], float] = time.monotonic,
    chance: Callable[[], float] = random.random,
) -> Iterator[float]:
    """Seconds to wait before each next attempt, until `patience` seconds are over.

    They double from one second to `longest`. Each is shortened by up to a half by
    chance, so that machines that started together do not ask together.
    """
    end = clock() + patience
    pause = min(1.0, longest)
    while (left := end - clock()) > 0:
        yield min(pause * (1 - chance() / 2), left)
        pause = min(pause * 2, longest)
