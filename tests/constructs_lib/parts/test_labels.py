"""Labels and annotations: how people and selectors find the objects of a service."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.parts.labels import labels, meta, selector
from tests.support.fleet import service
from tests.support.rendered import resolved


@pytest.mark.parametrize(
    ("slot", "selected"),
    [
        pytest.param("", {"app.kubernetes.io/name": "greeter"}, id="the whole service"),
        pytest.param("blue", {"app.kubernetes.io/name": "greeter", "desired.dev/slot": "blue"}, id="one slot"),
    ],
)
def test_pods_are_selected_by_what_never_changes(slot: str, selected: dict[str, str]) -> None:
    assert selector("greeter", slot) == selected
    assert selected.items() <= labels(resolved(service(tier=1)), slot).items()


def test_people_sort_by_owner_and_tier() -> None:
    found = labels(resolved(service(owner="team-b", tier=1)))
    assert (found["desired.dev/owner"], found["desired.dev/tier"]) == ("team-b", "1")


@pytest.mark.parametrize(
    ("fields", "annotations"),
    [
        pytest.param({}, {}, id="nothing said"),
        pytest.param(
            {"repository": "https://git.example.com/g", "runbook": "https://run.example.com/g"},
            {
                "desired.dev/repository": "https://git.example.com/g",
                "desired.dev/runbook": "https://run.example.com/g",
            },
            id="both",
        ),
    ],
)
def test_annotations_lead_to_the_source_and_to_the_runbook(fields: dict[str, Any], annotations: dict[str, str]) -> None:
    assert meta(resolved(service(**fields)), "greeter").annotations == annotations
