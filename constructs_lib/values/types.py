"""Strict types for numbers, booleans, lists and alternatives. No value is converted from another type."""

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
    # In Python, True and 1.0 equal 1.
    if isinstance(value, bool | float):
        raise PydanticCustomError("exact", "must be a whole number")
    return value


Many = Annotated[tuple[T, ...], BeforeValidator(_in_order)]
"""A list. A set is refused, because its order can differ between runs and would change the manifests."""
Exactly = Annotated[T, BeforeValidator(_exact)]
"""One of several whole numbers."""


def one_of(allowed: str, choose: Callable[[Any], str | None]) -> Discriminator:
    """Return a discriminator that chooses an alternative by its tag.

    A mistake then produces one sentence about that alternative, not one for each alternative.
    """
    return Discriminator(choose, custom_error_type="one_of", custom_error_message=f"must be {allowed}")
