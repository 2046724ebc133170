"""What is written is what every reader of YAML reads, of version 1.1 and of version 1.2."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from desired.render.yaml import dump, header, load
from tests.support.readers import READERS

TRAPS = [
    "", " ", "y", "Y", "NO", "off", "True", "null", "~", "08", "0o14", "010", "0x1f", "0b11", "1_000", "1e3", "1234e56",
    "12:30:45", "190:20:30", ".5", "-.inf", ".inf", ".NaN", "+1", "-0", "1.", "=", "<<", "-", "?", ":", "---", "...",
    "--- a", "a: b", "a #b", "#a", "- a", "? a", "a:", ":a", "a::b", "*a", "&a", "!a", "%a", "@a", "`a", "|", ">", "[a",
    "{a", "a]", "a,b", "'a'", '"a"', "a\\nb", "2026-01-01", "2026-11-02T09:30:00Z", " a", "a ", "a\tb", "\ta", "a\n",
    "\na", "a\n\n\n", "a\n b\n", " a\nb", "# a\nb\n", "a \nb", "a\tb\nc", "a\r\nb", "---\na\n", "a\n---\nb\n", "...\na",
    "%YAML 1.1\n---\n", "\x00", "\x07", "\x1b", "\x7f", "\x85", "a\x85b\nc", "\xa0", "\xad", "\u2028", "a\u2028b\nc",
    "\ufeff", "\ufeffa\nb", "\ufffe", "Größe", "Größe\nüber\n", "🙂", "🙂\nb", "x" * 200, "x y " * 5_000, "x\n" * 500,
]  # fmt: skip

WORDS = st.sampled_from(TRAPS) | st.text(max_size=40) | st.text("yYnN0123456789eE+-_.:x~=<#|>'\"\\ \t\n", max_size=12)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS
DATA = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4), max_leaves=12
)

readers = pytest.mark.parametrize("read", READERS.values(), ids=READERS.keys())


def same(left: object, right: object) -> bool:
    """Equal in type too, in order, and in the sign of zero."""
    return repr(left) == repr(right)


@readers
@given(data=DATA)
def test_what_is_read_is_what_was_written(read: Any, data: object) -> None:
    assert same(read(dump(data)), data)


@readers
@given(word=WORDS)
def test_a_key_is_read_as_it_was_written(read: Any, word: str) -> None:
    data = {"before": 1, word: {word: [word, {word: word}]}, "after": 2}
    assert same(read(dump(data)), data)


@readers
@pytest.mark.parametrize("word", TRAPS, ids=lambda word: ascii(word)[:20])
def test_a_text_that_readers_misread_is_a_text(read: Any, word: str) -> None:
    data = {"text": word, word: [word], "deep": [[{word: word}]]}
    assert same(read(dump(data)), data)


@given(data=DATA)
def test_it_reads_what_it_writes(data: object) -> None:
    assert same(load(dump(data)), data)


@given(data=DATA)
def test_the_same_data_is_the_same_text(data: object) -> None:
    assert dump(load(dump(data))) == dump(data)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("checkout", "checkout"),
        ("apps/v1", "apps/v1"),
        ("http://a.example.com:80/x", "http://a.example.com:80/x"),
        ("y", '"y"'),
        ("No", '"No"'),
        ("null", '"null"'),
        ("08", '"08"'),
        ("1e3", '"1e3"'),
        ("1234e56", '"1234e56"'),
        ("0x1f", '"0x1f"'),
        ("12:30:45", '"12:30:45"'),
        (".inf", '".inf"'),
        ("=", '"="'),
        ("<<", '"<<"'),
        ("~", '"~"'),
        ("", '""'),
        ("---", '"---"'),
        ("a b", '"a b"'),
        ("a: b", '"a: b"'),
        (" a", '" a"'),
        ("2026-11-02T09:30:00Z", '"2026-11-02T09:30:00Z"'),
        ("1.27", '"1.27"'),
        ("250m", '"250m"'),
        ("Größe", '"Größe"'),
        ("\x00\u2028", '"\\x00\\u2028"'),
        (8080, "8080"),
        (-1, "-1"),
        (0.5, "0.5"),
        (1e100, "1.0e+100"),
        (float("inf"), ".inf"),
        (True, "true"),
        (None, "null"),
        ([], "[]"),
        ({}, "{}"),
        ("a\nb", "|-\n  a\n  b"),
        ("# set\na: 1\n\nb: 2\n", "|\n  # set\n  a: 1\n\n  b: 2"),
        ("a \nb", '"a \\nb"'),
        ("a\tb\nc", '"a\\tb\\nc"'),
    ],
    ids=ascii,
)
def test_it_is_written_like_this(data: object, text: str) -> None:
    assert dump({"key": data}) == f"key: {text}\n"


@pytest.mark.parametrize(
    ("word", "text"), [("y", '"y"'), ("on", '"on"'), ("8080", '"8080"'), ("", '""'), ("a.b/c-d", "a.b/c-d")]
)
def test_a_key_is_written_like_this(word: str, text: str) -> None:
    assert dump({word: 1}) == f"{text}: 1\n"


@given(lines=st.lists(st.from_regex(r"\A[!-~]([ -~]*[!-~])?\Z"), min_size=1, max_size=6))
@example(lines=["# settings", "[server]", "port = 8080"])
def test_the_lines_of_a_file_stand_in_the_manifest_as_they_are(lines: list[str]) -> None:
    text = dump({"data": {"file": "".join(f"{line}\n" for line in lines) + "end\n"}})
    assert text.splitlines() == ["data:", "  file: |", *(f"    {line}" for line in lines), "    end"]


def test_keys_stay_in_the_order_given() -> None:
    assert dump({"b": 1, "a": 2}) == "b: 1\na: 2\n"


def test_what_comes_twice_is_written_twice() -> None:
    twice = {"a": [1]}
    assert dump([twice, twice]) == "- a:\n  - 1\n- a:\n  - 1\n"


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        dump({"key": "\ud800"})


def test_yaml_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(yaml.YAMLError):
        load("a: [")


def test_the_header_is_a_comment_that_names_the_sources() -> None:
    line = header(["apps/checkout.py", "envs/prod.py"])
    assert line == "# Made by `make synth` from apps/checkout.py, envs/prod.py. Changes belong there.\n"
    assert re.match(r"#.*\n\Z", line)
    assert load(line + dump({"a": 1})) == {"a": 1}
