"""The forms of text: which texts are of them, and what is said about others."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from constructs_lib.values import text

FORMS = {name: TypeAdapter(getattr(text, name)) for name in text.__all__ if name not in ("Form", "printable")}
DIGEST = "@sha256:" + "0" * 64

ACCEPTED: dict[str, list[str]] = {
    "Name": ["a", "checkout", "product-catalog", "a1", "a--b", "x" * 63],
    "PortName": ["a", "http", "http-admin", "h2", "a" * 15],
    "VariableName": ["A", "_", "KAFKA_ADDR", "lower", "X9", "A" * 253],
    "FileName": ["a", "app.conf", ".env", "_", "-", "A" * 253, "tls.crt", "a..b"],
    "FilePath": ["/a", "/etc/app", "/.config", "/a.b/c-d_e", "/var/lib/..data", "/" + "a" * 1023],
    "ImageRepository": ["nginx", "ghcr.io/acme/checkout", "registry.example.com:5000/a/b", "a/b_c/d__e/f--g", "a.b/c"],
    "Image": ["nginx" + DIGEST, "registry.example.com:5000/a/b" + DIGEST],
    "Host": ["shop", "shop.example.com", "1.example.com", "a-b.c", "x" * 63],
    "UrlPath": ["/", "/api", "/api/", "/a.b/c", "/v1.", "/a%20b", "/a;b=1,2", "/.well-known", "/~a", "/%2e", "/a%2E"],
    "ProbePath": ["/", "/ready", "/health?ready=1", "/a#b", "//"],
    "HeaderName": ["X-User", "accept", "x_y", "!#$%&'*+.^_`|~-"],
    "HeaderValue": ["a", "a b", "~", '"', "a, b;q=0.1"],
    "PlainText": ["", " ", "a\nb\n", "a\tb", "Größe", "🙂", "'", '"', "\\", "# {a}: [b]"],
    "Line": ["", "a b", " a", "Größe", "x" * 500],
    "Reason": ["ten chars.", "asked for by its owner", "x" * 500],
}

REFUSED: dict[str, list[Any]] = {
    "Name": ["", "A", "1a", "a-", "-a", "a_b", "a.b", "a b", "ä", "x" * 64, "a\n", 5, None, b"a"],
    "PortName": ["", "1a", "a--b", "a-", "Http", "a_b", "a" * 16, "8080", "a\n", 8080],
    "VariableName": ["", "1A", "A-B", "A.B", "A B", "A=", "Ä", "A" * 254, "A\n"],
    "FileName": ["", ".", "..", "..a", "a/b", "a b", "ä", "A" * 254, "a\n"],
    "FilePath": ["", "a", "/", "//a", "/a/", "/a//b", "/a/../b", "/.", "/a/.", "/a:b", "/a b", "/ä", "/a\n",
                 "/" + "a" * 1024],
    "ImageRepository": ["", "A", "nginx:1.27", "nginx" + DIGEST, "a//b", "a/", "/a", "a b", "http://a/b", "a" * 256],
    "Image": ["nginx", "nginx:latest", "nginx:1.27" + DIGEST, "nginx@sha256:abc", "nginx" + DIGEST.upper(),
              DIGEST, "nginx" + DIGEST + "0", "nginx" + DIGEST + "\n"],
    "Host": ["", "Shop", "shop.", ".shop", "a..b", "-a", "a_b", "*.a", "a b", "http://a", "a:80", "x" * 64,
             ".".join(["x" * 63] * 5)],
    "UrlPath": ["", "api", "//", "/a//b", "/a/../b", "/./a", "/a/..", "/..", "/a?b", "/a#b", "/a b", "/ä", "/%2f", "/%",
                "/%g0", "/a%2Fb", "/a\n", "/" + "a" * 1024],
    "ProbePath": ["", "ready", "/a b", "/ä", "/\n"],
    "HeaderName": ["", "a b", "a:", "ä", "a" * 257, "a\n"],
    "HeaderValue": ["", " a", "a ", "a\nb", "ä", "a" * 4097],
    "PlainText": ["\x00", "a\rb", "\x1b[0m", "\x7f", "\x85", "\u2028", "\u200b", "\ufeff", "\ud800", 5, None, True],
    "Line": ["a\nb", "a\tb", "\x00", "\u2029", "x" * 501, 5],
    "Reason": ["", "short", "two lines\nof text", "ten chars\x00", "x" * 501],
}  # fmt: skip


def cases(table: dict[str, list[Any]]) -> Any:
    return [pytest.param(form, each, id=f"{form} {ascii(each)[:30]}") for form, all_ in table.items() for each in all_]


def test_the_tables_hold_every_form() -> None:
    assert set(ACCEPTED) == set(REFUSED) == set(FORMS)


@pytest.mark.parametrize(("form", "value"), cases(ACCEPTED))
def test_a_text_of_the_form_is_accepted_as_it_is(form: str, value: str) -> None:
    assert FORMS[form].validate_python(value) == value


@pytest.mark.parametrize(("form", "value"), cases(REFUSED))
def test_any_other_is_refused(form: str, value: object) -> None:
    with pytest.raises(ValidationError):
        FORMS[form].validate_python(value)


@pytest.mark.parametrize("form", FORMS)
@given(value=st.text(st.characters(exclude_categories=()), max_size=30))
def test_what_is_accepted_can_be_printed(form: str, value: str) -> None:
    try:
        FORMS[form].validate_python(value)
    except ValidationError:
        return
    assert value.replace("\n", "").replace("\t", "").isprintable()


@pytest.mark.parametrize("character", ["\x00", "\r", "\u2028", "\ud800"], ids=ascii)
def test_a_character_that_cannot_be_printed_is_named(character: str) -> None:
    with pytest.raises(ValidationError, match=f"found the character U\\+{ord(character):04X}"):
        FORMS["PlainText"].validate_python(f"a{character}b")
