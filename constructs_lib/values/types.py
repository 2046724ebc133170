"""Numbers, truth values, lists and alternatives, each strict: nothing is guessed from something else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Discriminator, Field, Strict
from pydantic_core import PydanticCustomError

T = TypeVar("T")

Int = Annotated[int, Strict()]
Bool = Annotated[bool, Strict()]
PortNumber = Annotated[int, Strict(), Field(ge=1, le=65535)]
Seconds = Annotated[int, Strict(), Field(ge=0, le=86_400)]


def _in_order(items: object) -> object:
    if isinstance(items, list | tuple):
        return items
    raise PydanticCustomError("list", "must be a list")


def _exact(value: object) -> object:
    # Python takes True and 1.0 for 1.
    if isinstance(value, bool | float):
        raise PydanticCustomError("exact", "must be a whole number")
    return value


Many = Annotated[tuple[T, ...], BeforeValidator(_in_order)]
"""A list; a set has no order, and would make other bytes on another day."""
Exactly = Annotated[T, BeforeValidator(_exact)]
"""One of some whole numbers."""


def one_of(allowed: str, choose: Callable[[Any], str | None]) -> Discriminator:
    """Chooses the alternative by its tag, so that a mistake is one sentence, about the one that was meant."""
    return Discriminator(choose, custom_error_type="one_of", custom_error_message=f"must be {allowed}")
