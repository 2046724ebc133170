"""YAML that a reader of version 1.1 and one of version 1.2 understand alike."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import yaml

# What is plain in every version of YAML: words that begin with a letter or a slash and are no word for a
# truth value or for nothing. All else is quoted: `y`, `08`, `1e3`, `1_000`, `12:30`, `0x1f`, `.5`, `=`, `~`.
_PLAIN = re.compile(r"\A[A-Za-z/][A-Za-z0-9/._@-]*(?::[A-Za-z0-9/._@-]+)*\Z")
_ENDLESS = 2**31 - 1
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "inf", "nan"}


class _Dumper(yaml.CSafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _is_block(value: str) -> bool:
    # Space at the beginning would need a number for the indentation, and at the end of a line nobody sees it.
    lines = value.split("\n")
    return not value[0].isspace() and all(line.isprintable() and line == line.rstrip() for line in lines)


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    style = None if _PLAIN.match(value) and value.lower() not in _WORDS else '"'
    if "\n" in value and _is_block(value):
        style = "|"
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def dump(data: object) -> str:
    """One document, its keys in the order given, every text quoted that any reader could take for something else.

    Raises UnicodeEncodeError for a lone surrogate, which no file can hold.
    """
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_ENDLESS)
    return text


def load(text: str) -> Any:
    """One document. Raises yaml.YAMLError."""
    return yaml.load(text, Loader=yaml.CSafeLoader)


def header(sources: Iterable[str]) -> str:
    """The first line of every file that is made: where a change belongs."""
    return f"# Made by `make synth` from {', '.join(sources)}. Changes belong there.\n"
