"""What an object waits for after it was written."""

from typing import Any

import pytest

from testbed.pulumi.awaiting import NoCondition, unmet


def _live(status: str, seen: int | None = None) -> dict[str, Any]:
    condition = {"type": "Ready", "status": status} | ({} if seen is None else {"observedGeneration": seen})
    return {"metadata": {"generation": 2}, "status": {"conditions": [condition]}}


@pytest.mark.parametrize(
    ("annotation", "live", "lacking"),
    [
        ("condition=Ready", _live("True"), None),
        ("condition=Ready", _live("True", 2), None),
        ("condition=Ready", _live("True", 1), "Ready is not True"),
        ("condition=Ready", _live("False"), "Ready is not True"),
        ("condition=Ready=false", _live("False"), None),
        ("condition=Other", _live("True"), "Other is not True"),
        ("condition=Ready", None, "Ready is not True"),
        ("condition=Ready", {"metadata": {}}, "Ready is not True"),
    ],
)
def test_a_condition_counts_for_the_generation_that_it_was_said_of(
    annotation: str, live: dict[str, Any] | None, lacking: str | None
) -> None:
    assert unmet(annotation, live) == lacking


def test_what_is_not_understood_is_refused() -> None:
    with pytest.raises(NoCondition, match="must be condition=<type>"):
        unmet("jsonpath={.status.phase}=Running", None)
