"""The base class of every value: frozen, without unknown fields, and with clear messages for mistakes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from .data import Json
from .plain_secrets import looks_like
from .text import (
    FileName,
    FilePath,
    Host,
    Image,
    ImageRepository,
    Line,
    Name,
    PlainText,
    PortName,
    Reason,
    UrlPath,
    VariableName,
)
from .types import Bool, Int, Many, PortNumber, Seconds, one_of

SCHEMA = 1
"""The version of the written form of every value."""


class Value(BaseModel):
    """A frozen record. It checks itself once, when it is made."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True, allow_inf_nan=False
    )
    stands_alone: ClassVar[bool] = False
    """Whether the value is a whole file or service. Messages name any other value by its class as well."""

    def written(self) -> Json:
        """Return the fields that differ from their defaults, as JSON data."""
        return self.model_dump(mode="json", exclude_defaults=True)


class Problem(Exception):
    """A mistake of the user, as sentences. Each says what is wrong, the value, and how to fix it."""

    exit_code: ClassVar[int] = 1
    """The exit code of the command that fails with this problem."""

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


class Wrong(ValueError):
    """Several mistakes in one value, reported together."""

    def __init__(self, messages: Iterable[str]) -> None:
        self.messages = tuple(messages)
        super().__init__("; ".join(self.messages))


_KINDS: tuple[tuple[tuple[type, ...], str], ...] = (
    ((dict,), "mapping"),
    ((list, tuple), "list"),
    ((set, frozenset), "set"),
)


def shown(value: object, limit: int = 80) -> str:
    """Return the value as a message shows it: short, on one line, and without secrets."""
    if isinstance(value, str):
        text = f"a string of {len(value)} characters" if looks_like(value) else repr(value)
    elif value is None or isinstance(value, bool | float):
        text = repr(value)
    elif isinstance(value, int):
        text = repr(value) if value.bit_length() < 300 else "a number of hundreds of digits"
    elif isinstance(value, BaseModel):
        text = f"{type(value).__name__}(…)"
    else:
        text = next((f"a {kind}" for types, kind in _KINDS if isinstance(value, types)), "")
        text = text or f"a value of the type {type(value).__name__}"
    return text if len(text) <= limit else text[: limit - 1] + "…"


def twice(items: Iterable[str]) -> str | None:
    """Return the first item that occurs twice, or None."""
    seen: set[str] = set()
    for item in items:
        if item in seen:
            return item
        seen.add(item)
    return None


__all__ = [
    "SCHEMA",
    "Bool",
    "FileName",
    "FilePath",
    "Host",
    "Image",
    "ImageRepository",
    "Int",
    "Line",
    "Many",
    "Name",
    "PlainText",
    "PortName",
    "PortNumber",
    "Problem",
    "Reason",
    "Seconds",
    "UrlPath",
    "Value",
    "VariableName",
    "Wrong",
    "one_of",
    "shown",
    "twice",
]
