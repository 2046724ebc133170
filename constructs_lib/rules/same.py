"""Whether two answers are the same to the letter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def same(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Whether two lists say the same. To Python 1 is True and the order of keys is nothing; a rule may see both."""
    if len(one) != len(other):
        return False
    return all(a is b or repr(a) == repr(b) for a, b in zip(one, other, strict=True))
