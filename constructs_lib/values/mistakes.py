"""Turns the errors of pydantic into sentences that say how to fix the value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import TypeVar, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from .base import Problem, Value, Wrong, shown
from .data import Json
from .plain_secrets import looks_like

T = TypeVar("T", bound=Value)

_MESSAGES = {
    "missing": "must be given",
    "string_type": "must be a string",
    "string_unicode": "must be a string of Unicode characters",
    "int_type": "must be a whole number",
    "int_parsing_size": "must be a smaller number",
    "bool_type": "must be True or False",
    "dict_type": "must be a mapping",
    "tuple_type": "must be a list",
    "model_type": "must be {class_name}(…)",
    "model_attributes_type": "must be {class_name}(…)",
    "literal_error": "must be {expected}",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be above {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be below {lt}",
    "invalid_key": "must be a string",
    "timezone_aware": "must name its zone, such as '2026-11-20T08:30:00Z'",
    "recursion_loop": "must not hold itself",
}
_FEW = 12
# Field names of other tools, and the field that has the same meaning here.
_SYNONYMS = {
    "replicas": "scale", "replica": "scale", "autoscaling": "scale", "resources": "size", "cpu": "size",
    "memory": "size", "environment": "env", "port": "ports", "dependencies": "depends_on", "hosts": "external",
    "host": "external", "ingress": "external", "cron": "schedule", "team": "owner", "healthcheck": "readiness",
}  # fmt: skip
# Fields that may hold a pasted secret: messages never repeat their values.
_PRIVATE = {"env", "data", "keys", "args", "command", "public", "value", "headers"}
# Shown strings are quoted, so that nothing inside them matches this pattern.
_UNKNOWN = re.compile(r"\A[^'\"]*? has no field `([^`]+)`")


def validated(model: type[T], subject: str, data: Json) -> T:
    """Return the data as a value of the model.

    Raises Problem with one sentence for each mistake. `subject` names the data in these sentences.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise Problem(*sentences(subject, error)) from None


def unknown_field(sentence: str) -> str | None:
    """Return the field that the sentence reports as unknown, or None.

    The code of one commit reads sentences of another commit, so the wording "has no field" is part of a contract.
    """
    match = _UNKNOWN.match(sentence)
    return match[1] if match else None


def sentences(subject: str, error: ValidationError) -> list[str]:
    """Return one sentence for each mistake, in the order of the fields.

    `subject` is the service or the file that the user edits.
    """
    root = _class(error.title)
    return [
        _on_one_line(f"{subject}: {text}")
        for each in error.errors(include_url=False)
        for text in _texts(error.title, root, each)
    ]


def _texts(title: str, root: type[Value] | None, error: ErrorDetails) -> Iterator[str]:
    loc, kind, context = error["loc"], error["type"], error.get("ctx", {})
    outer = () if root is None or root.stands_alone else (title,)
    if kind == "value_error":
        raised = context["error"]
        for message in raised.messages if isinstance(raised, Wrong) else (str(raised),):
            yield _joined(_location(*outer, *loc), message)
    elif kind == "extra_forbidden":
        yield f"{_location(*outer, *loc[:-1]) or title} has no field `{_step(loc[-1])}`{_remedy(root, loc)}"
    elif kind == "invalid_key" or loc[-1:] == ("[key]",):
        *above, key = loc if kind == "invalid_key" else loc[:-1]
        yield f"each key of {_location(*outer, *above) or title} {_message(error, context)}, got {shown(key)}"
    elif not loc and kind == "model_type":
        yield f"must be a mapping with the fields of {title}{_got(error)}"
    else:
        yield f"{_location(*outer, *loc) or title} {_message(error, context)}{_got(error)}"


def _message(error: ErrorDetails, context: Json) -> str:
    form = _MESSAGES.get(error["type"])
    return form.format(**context) if form else str(error["msg"]).replace("Input should be", "must be")


def _got(error: ErrorDetails) -> str:
    if error["type"] in ("missing", "printable"):
        return ""
    value = error["input"]
    if isinstance(value, str) and not _PRIVATE.isdisjoint(error["loc"]):
        return f", got a string of {len(value)} characters"
    return f", got {shown(value)}"


def _joined(place: str, message: str) -> str:
    if not place:
        return message
    return f"{place} {message}" if message.startswith(("must ", "has ")) else f"{place}: {message}"


def _location(*loc: object) -> str:
    return ".".join(_step(part) for part in loc if not _is_tag(part))


def _is_tag(part: object) -> bool:
    return isinstance(part, str) and part.startswith("\0")


def _step(part: object) -> str:
    text = str(part)
    return text if re.fullmatch(r"[A-Za-z0-9_./-]{1,80}", text) and not looks_like(text) else shown(text)


def _remedy(root: type[Value] | None, loc: tuple[int | str, ...]) -> str:
    """Suggest the field with a similar name, or else list the fields."""
    models = {root} if root else set()
    for part in loc[:-1]:
        if _is_tag(part):
            models = {model for model in models if model.__name__ == str(part)[1:]}
        else:
            known = [field for model in models if (field := model.model_fields.get(str(part)))]
            models = {inner for field in known for inner in _models(field.annotation)} if known else models
    fields = list(dict.fromkeys(each.alias or name for model in models for name, each in model.model_fields.items()))
    if (synonym := _SYNONYMS.get(str(loc[-1]))) in fields:
        return f"; did you mean `{synonym}`?"
    if close := get_close_matches(str(loc[-1]), fields, n=1):
        return f"; did you mean `{close[0]}`?"
    return f"; it has {', '.join(fields)}" if 0 < len(fields) <= _FEW else "; leave it out"


def _models(annotation: object) -> Iterator[type[Value]]:
    if isinstance(annotation, type) and issubclass(annotation, Value):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _class(name: str, among: type[Value] = Value) -> type[Value] | None:
    for each in among.__subclasses__():
        found = each if each.__name__ == name else _class(name, each)
        if found:
            return found
    return None


def _on_one_line(text: str) -> str:
    return text if text.isprintable() else "".join(ch if ch.isprintable() else repr(ch)[1:-1] for ch in text)
