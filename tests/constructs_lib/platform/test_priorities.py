"""Priority classes: one for each tier."""

from __future__ import annotations

from constructs_lib.testing import render
from tests.support.fleet import service
from tests.support.platform import component
from tests.support.rendered import ENV, pod


def test_a_lower_tier_goes_first() -> None:
    values = {each["metadata"]["name"]: each["value"] for each in component("priorities")}
    assert values["tier-1"] > values["tier-2"] > values["tier-3"] > 0


def test_the_last_tier_pushes_nobody_out() -> None:
    policies = {each["metadata"]["name"]: each["preemptionPolicy"] for each in component("priorities")}
    assert policies == {"tier-1": "PreemptLowerPriority", "tier-2": "PreemptLowerPriority", "tier-3": "Never"}


def test_every_service_has_a_class_that_is_there() -> None:
    there = [each["metadata"]["name"] for each in component("priorities")]
    used = [pod(render(service(tier=tier), ENV))["spec"]["priorityClassName"] for tier in (1, 2, 3)]
    assert sorted(used) == sorted(there)
