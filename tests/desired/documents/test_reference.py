"""Types and defaults in words."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from constructs_lib import Match, Port, Resources, Route
from constructs_lib.values import text
from constructs_lib.values.base import Bool, Int, Many, PortNumber, Seconds
from desired.documents.reference import _shown, in_words


@pytest.mark.parametrize(
    ("hint", "words"),
    [
        pytest.param(text.Name, "name", id="name"),
        pytest.param(text.Name | None, "name or `None`", id="name-or-None"),
        pytest.param(Bool, "`True` or `False`", id="True-or-False"),
        pytest.param(Int, "whole number", id="whole-number"),
        pytest.param(PortNumber, "port number", id="port-number"),
        pytest.param(Seconds, "seconds, 0 to 86400", id="seconds-0-to-86400"),
        pytest.param(Annotated[Int, Field(ge=1, le=600)], "whole number, 1 to 600", id="whole-number-1-to-600"),
        pytest.param(Annotated[Int, Field(gt=1, lt=600)], "whole number, 2 to 599", id="whole-number-2-to-599"),
        pytest.param(Annotated[Int, Field(ge=5)], "whole number, at least 5", id="whole-number-at-least-5"),
        pytest.param(Annotated[str, text.Form(r"^a$", "an a")], "an a", id="an-a"),
        pytest.param(Literal["x", "y"] | Resources, "`x`, `y` or [Resources](#resources)", id="x-y-or"),
        pytest.param(Many[Port], "list of [Port](#port)", id="list-of"),
        pytest.param(
            dict[text.Name, Many[text.Line]],
            "mapping from name to list of line of text",
            id="mapping-from-name-to-list-of-line-of-text",
        ),
        pytest.param(Any, "any data", id="any-data"),
    ],
)
def test_a_type_is_said_in_words(hint: Any, words: str) -> None:
    assert in_words(hint) == words


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("", '""'),
        (None, "None"),
        ((443,), "(443,)"),
        (Route(), "Route()"),
        (
            Route(matches=(Match(path="/a"),), timeout_seconds=3),
            'Route(matches=(Match(path="/a"),), timeout_seconds=3)',
        ),
    ],
    ids=["empty-text", "nothing", "list-of-one", "only-defaults", "values-in-values"],
)
def test_a_default_is_shown_as_python(value: Any, shown: str) -> None:
    assert _shown(value) == shown
