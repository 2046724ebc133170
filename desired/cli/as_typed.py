"""Mistakes in the words of the command line: the option or argument as a person types it, never a field's path."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import typer
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from constructs_lib.values.base import shown

from ..core import operations
from ..core.errors import Problem

_PARAMETERS = {"because": "reason", "by": "actor", "specs_at": "spec_at", "recipe": "at"}
"""Fields of operations and requests that are called differently from the option that sets them."""
_LENGTH = re.compile(r"\d+ to \d+ characters")
_WITHOUT_REASON = "--unobserved needs --reason: say why the cluster is not checked"


class Typed:
    """The options and arguments of the command that runs."""

    def __init__(self, context: typer.Context) -> None:
        self._context = context

    @property
    def command(self) -> str:
        """The command's name."""
        return self._context.info_name or "desired"

    def label(self, parameter: str) -> str:
        """A parameter as a person types it: `--reason`, `SHARE`. Options before the command are found too."""
        contexts = (self._context, self._context.parent)
        known = (each for context in contexts if context for each in context.command.params)
        found = next((each for each in known if each.name == parameter), None)
        if found is None:
            return parameter
        if found.param_type_name == "argument":
            return str(getattr(found, "metavar", None) or parameter.upper())
        return max(found.opts, key=len)

    @contextmanager
    def mistakes(self, **names: str) -> Iterator[None]:
        """Turns a validation error of an operation that is built here into a Problem.

        `names` says what the person typed for a field, where no single option stands for it.
        """
        try:
            yield
        except ValidationError as error:
            details = error.errors(include_url=False)
            raise Problem(*(self._sentence(error.title, each, names) for each in details)) from None

    def _sentence(self, title: str, error: ErrorDetails, names: Mapping[str, str]) -> str:
        if not error["loc"]:
            return _WITHOUT_REASON if title == operations.Intent.__name__ else str(error["msg"])
        field = str(error["loc"][0])
        label = names.get(field) or self.label(_PARAMETERS.get(field, field))
        message = _bounds(title, field) or str(error["msg"])
        if error["input"] in ("", None):
            allowed = message.removeprefix("must be ")
            length = _LENGTH.search(allowed)
            return f"{self.command} needs {label} ({length[0] if length else allowed})"
        got = "" if error["type"] == "printable" else f", got {shown(error['input'])}"
        return f"{label} {message}{got}"


def _bounds(model: str, field: str) -> str:
    """Both bounds of a number, which pydantic's messages name one at a time; empty for other fields."""
    schema = getattr(operations, model).model_fields[field]
    found = TypeAdapter(schema.annotation).json_schema() if not schema.metadata else {}
    for each in schema.metadata:
        found |= {"minimum": each.ge} if hasattr(each, "ge") else {}
        found |= {"maximum": each.le} if hasattr(each, "le") else {}
    return f"must be {found['minimum']} to {found['maximum']}" if {"minimum", "maximum"} <= found.keys() else ""
