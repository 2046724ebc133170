"""YAML that a reader of version 1.1 and one of version 1.2 understand alike.

Written here and not by a library: see `docs/decisions/0005-own-yaml-writer.md`. Read by PyYAML.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import yaml

from constructs_lib.values import Problem
from constructs_lib.values.data import Json

# Plain in every version of YAML: words that begin with a letter or a slash, and do not mean a truth value
# or null. Everything else is quoted: `y`, `08`, `1e3`, `1_000`, `12:30`, `0x1f`, `.5`, `=`, `~`.
_PLAIN = re.compile(r"\A[A-Za-z/][A-Za-z0-9/._@-]*(?::[A-Za-z0-9/._@-]+)*\Z")
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "inf", "nan"}
_ESCAPED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}
_LONGEST_SIMPLE_KEY = 128
"""Readers look no further than 1,024 characters for the colon behind a key."""


def dump(data: object) -> str:
    """One document of JSON data, with the keys in their order. Quotes each string that a reader could misread.

    Raises UnicodeEncodeError for a lone surrogate, which no file can hold, and TypeError for other than JSON data.
    """
    out: list[str] = []
    if isinstance(data, dict | list) and data:
        _collection(out, data, "", "")
    else:
        out.append(f"{_leaf(data, '')}\n")
    text = "".join(out)
    if not text.isascii():
        text.encode()
    return text


class _Loader(yaml.CSafeLoader):
    """Refuses a duplicate key, such as after a bad merge: it is unclear which one counts."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        found = super().construct_mapping(node, deep)
        if len(found) != len(node.value):
            keys = [key.value for key, _ in node.value]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise yaml.constructor.ConstructorError(None, None, f"the key {twice!r} appears twice", node.start_mark)
        return found


def load(text: str) -> Any:  # noqa: ANN401 - raw YAML enters here
    """One document. Raises yaml.YAMLError, also for a duplicate key."""
    return yaml.load(text, Loader=_Loader)


def header(sources: Iterable[str]) -> str:
    """The first line of every file that is made: where a change belongs."""
    return f"# Made by `make synth` from {', '.join(sources)}. Changes belong there.\n"


def _collection(out: list[str], data: Json | list[Any], indent: str, first: str) -> None:
    """Writes a collection that is not empty; `first` replaces the indent of its first line."""
    inner = indent + "  "
    of_keys = isinstance(data, dict)
    for item in data:
        value = data[item] if of_keys else item  # type: ignore[index]
        lead = first + (_key(item, indent) if of_keys else "-")
        first = indent
        if not value or not isinstance(value, dict | list):
            out.append(f"{lead} {_leaf(value, inner)}\n")
        elif not of_keys:
            _collection(out, value, inner, f"{lead} ")
        else:
            out.append(f"{lead}\n")
            # Items of a list are indented like their key, those of a mapping one level more.
            below = indent if isinstance(value, list) else inner
            _collection(out, value, below, below)


def _key(key: str, indent: str) -> str:
    text = _line(key)
    return f"{text}:" if len(text) <= _LONGEST_SIMPLE_KEY else f"? {text}\n{indent}:"


def _leaf(value: object, indent: str) -> str:
    if isinstance(value, str):
        return _block(value, indent) if "\n" in value and _is_block(value) else _line(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, dict | list):
        return "{}" if isinstance(value, dict) else "[]"
    raise TypeError(f"must be JSON data, got {type(value).__name__}")


def _float(value: float) -> str:
    text = repr(value)
    if text.lstrip("-") in ("inf", "nan"):
        return text.replace("inf", ".inf").replace("nan", ".nan")
    # Version 1.1 reads `1e+20` as a string.
    return text if "." in text else text.replace("e", ".0e")


@lru_cache(maxsize=20_000)
def _line(text: str) -> str:
    """The string on one line: plain if that is safe in every version, otherwise in double quotes."""
    if _PLAIN.match(text) and text.lower() not in _WORDS:
        return text
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    if character in _ESCAPED:
        return _ESCAPED[character]
    if character.isprintable() or "\ud800" <= character <= "\udfff":
        return character
    code = ord(character)
    return f"\\x{code:02X}" if code < 0x100 else f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"


def _is_block(text: str) -> bool:
    # Space at the beginning would need a number for the indentation, and at the end of a line it is invisible.
    return not text[0].isspace() and all(line.isprintable() and line == line.rstrip() for line in text.split("\n"))


def _block(text: str, indent: str) -> str:
    body = text.rstrip("\n")
    end = len(text) - len(body)
    kept = "" if end == 1 else "-" if end == 0 else "+"
    lines = [f"{indent or '  '}{line}" if line else "" for line in body.split("\n")]
    return "\n".join([f"|{kept}", *lines, *[""] * max(0, end - 1)])


def mapping(path: str, content: bytes | str) -> Json:
    """The mapping in a file of `releases/`. Raises Problem with what is wrong with the file."""
    try:
        data = load(content.decode() if isinstance(content, bytes) else content)
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise Problem(f"{path}: cannot be read as YAML ({reason[:160]}). Restore it from Git") from None
    if not isinstance(data, dict):
        raise Problem(f"{path}: must hold a mapping with schema, got {type(data).__name__}. Restore it from Git")
    return data
