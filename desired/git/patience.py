"""How long, and how often, a lock of another process is waited for."""

from __future__ import annotations

import random
import time

_FIRST_SECONDS, _LONGEST_SECONDS = 0.02, 0.5
_TRIES_WITHOUT_LOCK = 6


class Patience:
    """Pauses between attempts. Each is up to twice as long as the one before, and random, so that two do not meet."""

    def __init__(self, seconds: float) -> None:
        """`seconds` is what all pauses may take together."""
        self._end = time.monotonic() + seconds
        self._longest = _FIRST_SECONDS
        self._without_lock = 0

    def wait(self, *, locked: bool) -> bool:
        """Waits, where another attempt is worth it. False where it is not."""
        self._without_lock += not locked
        left = self._end - time.monotonic()
        if left <= 0 or self._without_lock > _TRIES_WITHOUT_LOCK:
            return False
        time.sleep(min(left, random.uniform(self._longest / 2, self._longest)))
        self._longest = min(2 * self._longest, _LONGEST_SECONDS)
        return True
