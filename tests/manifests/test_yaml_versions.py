"""Every text and number that we ship is the same in YAML 1.1 and YAML 1.2."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import pytest
import ruamel.yaml
import yaml
from ruamel.yaml.error import YAMLError

from tests.support.shipped import CLUSTERS, texts

_12 = ruamel.yaml.YAML(typ="safe", pure=True)
_SHORT_TRUTH = {"y", "Y", "n", "N"}
"""Truth values of YAML 1.1 that PyYAML, unlike other readers of it, leaves out."""
_DIFFERENT = ("yes", "No", "ON", "y", "012", "0o14", "1_000", "12:30", "1e3", "08", ".5", "+1", "0x1f", "=", "<<", "~",
              "2026-01-01", "190:20:30", "0b11", "1.0e+3", "FALSE", "Null", "-.inf", ".NaN")  # fmt: skip
_ALIKE = ("checkout", "80", "-1", "0", "0.5", "true", "false", "null", '"yes"', '"012"', '"=\\n\\u00e9"', "apps/v1",
          "a:b", "|\n  yes\n  08\n")  # fmt: skip


def read_alike(source: str) -> bool:
    """Whether a scalar, as it is written, means the same to readers of both versions, in its only usual form."""
    if source in _SHORT_TRUTH:
        return False
    document = f"- {source}\n"
    try:
        old, new = yaml.load(document, Loader=yaml.CSafeLoader)[0], _12.load(io.StringIO(document))[0]
    except (yaml.YAMLError, YAMLError):
        return False
    if type(old) is not type(new) or old != new:
        return False
    return isinstance(old, str) or source == canonical(old)


def canonical(value: object) -> str | None:
    """A plain value as JSON writes it: readers differ in all other ways to write one. None for a date and such."""
    words: dict[object, str] = {True: "true", False: "false", None: "null"}
    if value is None or isinstance(value, bool):
        return words[value]
    return repr(value) if isinstance(value, int | float) else None


@cache
def scalars() -> dict[str, str]:
    """Every different scalar that we ship, keys among them, as it is written, and a path that holds it."""
    found: dict[str, str] = {}
    for cluster in CLUSTERS:
        for path, text in texts(cluster).items():
            for event in yaml.parse(text, Loader=yaml.CSafeLoader):
                if isinstance(event, yaml.ScalarEvent):
                    found.setdefault(_as_written(event, text), path)
    return found


def _as_written(event: yaml.ScalarEvent, text: str) -> str:
    assert event.start_mark
    assert event.end_mark
    return text[event.start_mark.index : event.end_mark.index]


def test_every_scalar_is_read_alike() -> None:
    assert len(scalars()) > 500
    assert {path: source for source, path in scalars().items() if not read_alike(source)} == {}


@cache
def largest_of_each_kind() -> dict[str, str]:
    found: dict[str, str] = {}
    for cluster in CLUSTERS:
        for text in texts(cluster).values():
            kind = next(line for line in text.splitlines() if line.startswith("kind: "))
            found[kind] = max(found.get(kind, ""), text, key=len)
    return found


@pytest.mark.parametrize("kind", sorted(largest_of_each_kind()))
def test_the_largest_file_of_each_kind_is_read_alike(kind: str) -> None:
    text = largest_of_each_kind()[kind]
    old: Any = yaml.load(text, Loader=yaml.CSafeLoader)
    assert repr(old) == repr(_12.load(io.StringIO(text)))


@pytest.mark.parametrize("source", _DIFFERENT)
def test_what_readers_take_for_different_things_is_noticed(source: str) -> None:
    assert not read_alike(source)


@pytest.mark.parametrize("source", _ALIKE)
def test_what_all_readers_take_for_the_same_is_let_be(source: str) -> None:
    assert read_alike(source)
