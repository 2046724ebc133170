"""A page with every field of every value: its type in words, its default, and what it is for."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, cast, get_args, get_origin

from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from constructs_lib import Slot
from constructs_lib.values import Value, text
from constructs_lib.values.base import Bool, Int, PortNumber, Seconds
from constructs_lib.values.data import Json
from constructs_lib.values.release import Commit, Time
from constructs_lib.values.resources import Quantity

from ..wording import listed

_HEAD = """\
<!-- Made by `make schemas` from the docstrings of constructs_lib/. Changes belong there. -->

# All fields of all values

A field without a default must be given. Values are not converted: `"3"` is a string and not a number.
"""

_NAMED: tuple[tuple[object, str], ...] = (
    (text.Name, "name"),
    (text.PortName, "name of a port"),
    (text.VariableName, "name of a variable"),
    (text.FileName, "file name"),
    (text.FilePath, "absolute path"),
    (text.ImageRepository, "image repository"),
    (text.Image, "image by digest"),
    (text.Host, "host name"),
    (text.UrlPath, "URL path"),
    (text.ProbePath, "URL path"),
    (text.HeaderName, "name of a header"),
    (text.HeaderValue, "value of a header"),
    (text.Line, "line of text"),
    (text.Reason, "a reason of 10 to 500 characters"),
    (text.PlainText, "text"),
    (Quantity, "quantity"),
    (PortNumber, "port number"),
    (Seconds, "seconds, 0 to 86400"),
    (Commit, "commit"),
    (Time, "time in UTC"),
    (Slot, "`blue` or `green`"),
    (Int, "whole number"),
    (Bool, "`True` or `False`"),
)


def reference(roots: Sequence[type[Value]]) -> str:
    """The page, for these values and all that they hold."""
    lines = [_HEAD]
    for root in roots:
        lines.append(f"- [{root.__name__}](#{root.__name__.lower()}): {_summary(root)}")
    for value in _reached(roots):
        lines += ["", f"## {value.__name__}", "", inspect.cleandoc(value.__doc__ or ""), "", *_table(value)]
    return "\n".join(lines) + "\n"


def _summary(value: type[Value]) -> str:
    return inspect.cleandoc(value.__doc__ or "").partition("\n")[0]


def _reached(roots: Sequence[type[Value]]) -> list[type[Value]]:
    """Each value once, directly after the first one that contains it."""
    found: dict[type[Value], None] = {}

    def visit(value: type[Value]) -> None:
        if value not in found:
            found[value] = None
            for hint in _hints(value).values():
                for inner in _values_in(hint):
                    visit(inner)

    for root in roots:
        visit(root)
    return list(found)


def _hints(value: type[Value]) -> Json:
    hints = typing.get_type_hints(value, include_extras=True)
    return {name: hints[name] for name in value.model_fields}


def _values_in(hint: object) -> Iterator[type[Value]]:
    if isinstance(hint, type) and issubclass(hint, Value):
        yield hint
    elif get_origin(hint) is not Literal:
        for inner in get_args(hint):
            yield from _values_in(inner)


def _table(value: type[Value]) -> Iterator[str]:
    yield "| field | type | default | what it is |"
    yield "| --- | --- | --- | --- |"
    hints = _hints(value)
    for name, field in value.model_fields.items():
        cells = (f"`{field.alias or name}`", in_words(hints[name]), _default(field), field.description or "")
        yield f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in cells)} |"


def in_words(hint: object) -> str:
    """A type as a person says it."""
    return listed(list(dict.fromkeys(_alternatives(hint))), "or")


def _alternatives(hint: object) -> Iterator[str]:
    """The types of which it is one: those of a union, the options of a choice, or itself."""
    origin, inner = get_origin(hint), get_args(hint)
    if word := next((word for known, word in _NAMED if known == hint), ""):
        yield word
    elif origin in (typing.Union, types.UnionType):
        for each in inner:
            yield from _alternatives(each)
    elif origin is Literal:
        yield from (f"`{option}`" for option in inner)
    elif origin is Annotated:
        yield from _annotated(hint)
    elif origin is tuple:
        yield f"list of {in_words(inner[0])}"
    elif origin is dict:
        yield f"mapping from {in_words(inner[0])} to {in_words(inner[1])}"
    elif isinstance(hint, type) and issubclass(hint, Value):
        yield f"[{hint.__name__}](#{hint.__name__.lower()})"
    else:
        yield _PLAIN[hint]


_PLAIN: dict[object, str] = {str: "text", int: "whole number", type(None): "`None`", Any: "any data"}


def _annotated(hint: object) -> Iterator[str]:
    """What is annotated with a form or with bounds says these; all other annotations only check more strictly."""
    bare, *metadata = get_args(hint)
    forms = [each.explanation for each in metadata if isinstance(each, text.Form)]
    words = list(_alternatives(bare))
    if forms:
        yield forms[-1]
    elif words == ["whole number"]:
        adapter = TypeAdapter(cast("type[object]", hint))
        yield f"whole number{_bounds(adapter.json_schema())}"
    else:
        yield from words


def _bounds(schema: Json) -> str:
    low = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
    high = schema.get("maximum", schema.get("exclusiveMaximum", 0) - 1)
    if high >= 2**62:
        return " of 64 bits"
    return f", {low} to {high}" if high > 0 else f", at least {low}"


def _default(field: FieldInfo) -> str:
    return "" if field.is_required() else f"`{_shown(field.default)}`"


def _shown(value: object) -> str:
    """A value as a person writes it in Python, without the fields that are defaults anyway."""
    if isinstance(value, Value):
        given = {name: getattr(value, name) for name in value.written() if name in type(value).model_fields}
        return f"{type(value).__name__}({', '.join(f'{name}={_shown(each)}' for name, each in given.items())})"
    if isinstance(value, tuple):
        return f"({', '.join(map(_shown, value))}{',' if len(value) == 1 else ''})"
    return f'"{value}"' if isinstance(value, str) else repr(value)
