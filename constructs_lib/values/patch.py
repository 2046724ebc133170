"""The escape hatch for settings that no field of a service covers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from .base import Name, Reason, Value
from .plain_secrets import refuse_secret_text
from .text import Form, printable


def _as_data(value: object) -> object:
    """Return the value as JSON data, which a patch and a written spec can hold. Raises ValueError."""
    if isinstance(value, str):
        printable(value)
        refuse_secret_text("it", value)
        return value
    if value is None or isinstance(value, bool) or (isinstance(value, int) and value.bit_length() < 64):
        return value
    if isinstance(value, float) and abs(value) < float("inf"):
        return value
    if isinstance(value, list | tuple):
        return [_as_data(each) for each in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {_as_data(key): _as_data(each) for key, each in value.items()}
    raise PydanticCustomError("data", "must be strings, numbers, booleans, lists and mappings with strings as keys")


def _data(value: object) -> object:
    try:
        return _as_data(value)
    except RecursionError:
        raise PydanticCustomError("data", "must not be that deep or hold itself") from None


class Patch(Value):
    """The escape hatch: changes one field of rendered objects. The rules still check the result."""

    kind: Annotated[str, Form(r"^[A-Z][A-Za-z0-9]{0,62}$", "the kind of an object, such as 'Deployment'")]
    """The kind of the object, such as `Deployment`."""
    path: Annotated[
        str, Form(r"^(/([^/~]|~[01])+)+$", "a JSON pointer, such as '/spec/replicas'", 1000), BeforeValidator(printable)
    ]
    """A JSON pointer to the field, such as `/spec/template/spec/hostname`. Source: RFC 6901."""
    reason: Reason
    """Why a patch is needed instead of a field of the service."""
    op: Literal["add", "replace", "remove"] = "add"
    """The operation on the field."""
    value: Annotated[Any, BeforeValidator(_data)] = None
    """The new value, for `add` and `replace`."""
    name: Name | None = None
    """The name of the object. Default: every object of the kind."""
