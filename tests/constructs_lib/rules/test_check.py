"""A check that keeps what it found says what a check from scratch says, and asks only what it must."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from constructs_lib.rules import check as checking
from constructs_lib.rules.all_rules import CLUSTER_RULES, rule_id
from constructs_lib.rules.check import ClusterCheck, cluster_findings, unit_findings
from constructs_lib.rules.cluster import ClusterView
from constructs_lib.rules.facts import Finding, RuleFacts
from constructs_lib.rules.rule import Over
from constructs_lib.rules.same import same
from constructs_lib.rules.unit import UnitView
from tests.constructs_lib.rules import test_fleet_rules, test_network_rules, test_reference_rules, test_traffic_rules
from tests.support.defects import DEFECTS
from tests.support.planted import ENV, Planted

Units = dict[str, RuleFacts]
CASES = [case for module in (test_fleet_rules, test_network_rules, test_reference_rules, test_traffic_rules)
         for case in module.CASES.values()]  # fmt: skip
PLANTS = [*(defect.plant for defect in DEFECTS), *(plant for *_, plant in CASES)]


def units(planted: Planted) -> Units:
    """The facts of each unit under a key that stands for them, as the cache has them."""
    found: Units = {}
    for part in planted.parts:
        facts = part.with_findings(unit_findings(part))
        digest = sha256(json.dumps([facts.as_json(), facts.unit]).encode()).hexdigest()
        found[f"{part.unit.get('owner')}-{digest}"] = facts
    return found


def from_scratch(found: Mapping[str, RuleFacts]) -> list[Finding]:
    return cluster_findings(RuleFacts.joined(each.as_json() for each in found.values()), ENV, "apps")


def checked(planted: Planted) -> ClusterCheck:
    """A check that has seen this cluster."""
    check = ClusterCheck(ENV, "apps")
    check.findings(units(planted))
    return check


# The same findings


def plant(it: Planted, data: st.DataObject) -> None:
    with suppress(LookupError, StopIteration):  # an earlier edit may have taken away what this one changes
        PLANTS[data.draw(st.integers(0, len(PLANTS) - 1))](it)


def a_unit(it: Planted, data: st.DataObject) -> RuleFacts:
    return it.parts[data.draw(st.integers(0, len(it.parts) - 1))]


def take_out_an_object(it: Planted, data: st.DataObject) -> None:
    if objects := a_unit(it, data).objects:
        objects.pop(data.draw(st.integers(0, len(objects) - 1)))


def repeat_an_object(it: Planted, data: st.DataObject) -> None:
    objects = list(it.objects())
    a_unit(it, data).objects.append(copy.deepcopy(objects[data.draw(st.integers(0, len(objects) - 1))]))


def take_out_a_unit(it: Planted, data: st.DataObject) -> None:
    it.parts.remove(a_unit(it, data))


def move_a_unit(it: Planted, data: st.DataObject) -> None:
    moved = it.parts.pop(data.draw(st.integers(0, len(it.parts) - 1)))
    it.parts.insert(data.draw(st.integers(0, len(it.parts))), moved)


EDITS = (plant, plant, plant, take_out_an_object, repeat_an_object, take_out_a_unit, move_a_unit)


@settings(max_examples=60, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(data=st.data())
def test_a_check_after_any_edits_finds_what_one_from_scratch_finds(
    good: Planted, good_rollout: Planted, data: st.DataObject
) -> None:
    bases = (good, good_rollout)
    now, check = bases[data.draw(st.integers(0, 1))], ClusterCheck(ENV, "apps")
    for _ in range(data.draw(st.integers(2, 6))):
        corrected = data.draw(st.integers(0, 4)) == 0
        now = (bases[data.draw(st.integers(0, 1))] if corrected else now).copy()  # what a check was given never changes
        data.draw(st.sampled_from(EDITS))(now, data)
        found = units(now)
        assert check.findings(found) == from_scratch(found)


@pytest.mark.parametrize("number", range(len(PLANTS)))
def test_a_defect_that_comes_and_goes_is_found_and_forgotten(good: Planted, number: int) -> None:
    check, bad = checked(good), good.copy()
    PLANTS[number](bad)
    found = units(bad)
    assert check.findings(found) == from_scratch(found)
    assert check.findings(units(good)) == []


def test_the_order_of_units_decides_who_made_an_object_first(good: Planted) -> None:
    bad = good.copy()
    twice = copy.deepcopy(bad.one("ServiceAccount", "mailer"))
    twice["metadata"]["labels"]["app.kubernetes.io/name"] = "web"
    bad.unit_of("Deployment", "web-blue").objects.append(twice)
    turned = Planted(bad.parts[::-1])
    check = checked(bad)
    assert check.findings(units(turned)) == from_scratch(units(turned)) != from_scratch(units(bad))


def test_a_check_after_a_malformed_object_finds_everything(good: Planted) -> None:
    check, malformed, bad = checked(good), good.copy(), good.copy()
    malformed.one("Deployment", "web-blue").pop("spec")
    assert {each.rule for each in check.findings(units(malformed))} == {"well-formed"}
    bad.take_out("HTTPRoute", "api")
    assert check.findings(units(bad)) == from_scratch(units(bad)) != []


def test_a_check_that_failed_runs_the_missing_rules_the_next_time(
    good: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    check, bad = checked(good), good.copy()
    bad.take_out("HTTPRoute", "api")
    with monkeypatch.context() as broken:
        broken.setattr(checking, "_said", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            check.findings(units(bad))
    assert check.findings(units(bad)) == from_scratch(units(bad)) != []


# As little as possible


def runs(check: ClusterCheck, planted: Planted, monkeypatch: pytest.MonkeyPatch) -> list[UnitView]:
    """The units whose rules were run in a check of a cluster."""
    asked: list[UnitView] = []
    said = checking._said

    def counted(unit: UnitView, cluster: ClusterView) -> Any:
        asked.append(unit)
        return said(unit, cluster)

    monkeypatch.setattr(checking, "_said", counted)
    check.findings(units(planted))
    monkeypatch.setattr(checking, "_said", said)
    assert len(asked) == len(check.asked)
    return asked


def test_the_first_check_runs_the_rules_of_every_unit(good: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    check = ClusterCheck(ENV, "apps")
    assert len(runs(check, good, monkeypatch)) == len(good.parts)
    assert check.joined == [rule_id(rule) for rule in CLUSTER_RULES if isinstance(rule, Over)]


def test_an_unchanged_cluster_runs_no_rule(good: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    check = checked(good)
    assert runs(check, good.copy(), monkeypatch) == []
    assert check.joined == []


@pytest.mark.parametrize("service", ["collector", "api", "web"])
def test_another_image_runs_the_rules_of_its_own_unit_only(
    good: Planted, planted: Planted, monkeypatch: pytest.MonkeyPatch, service: str
) -> None:
    """Every service calls the collector, and `web` calls `api`: what they look up of it is not its image."""
    check = checked(good)
    planted.main(f"{service}-blue")["image"] = "registry.example.com/a@sha256:" + "0" * 64
    assert runs(check, planted, monkeypatch) == [_unit(check, "Deployment", f"{service}-blue")]
    assert check.joined == []


def test_another_share_runs_the_rules_of_its_own_service_only(
    good: Planted, planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = checked(good)
    planted.one("HTTPRoute", "api")["spec"]["rules"][0]["backendRefs"][0]["weight"] = 99
    assert runs(check, planted, monkeypatch) == [_unit(check, "HTTPRoute", "api")]


def test_more_replicas_join_the_quota_only(good: Planted, planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    check = checked(good)
    planted.one("Deployment", "mailer")["spec"]["replicas"] = 3
    assert runs(check, planted, monkeypatch) == [_unit(check, "Deployment", "mailer")]
    assert check.joined == ["quota-fits-two-sets"]


def _unit(check: ClusterCheck, kind: str, name: str) -> UnitView:
    return next(
        unit
        for unit in check._cluster.units.values()
        if any((each["kind"], each["metadata"]["name"]) == (kind, name) for each in unit.objects)
    )


# What counts as the same answer


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ([{"a": 1}], [{"a": 1}], True),
        ([{"a": 1}], [{"a": True}], False),
        ([{"a": 1, "b": 2}], [{"b": 2, "a": 1}], False),
        ([1], [1, 1], False),
        ([1, 2], [2, 1], False),
    ],
    ids=["equal", "a-truth-for-a-number", "another-order-of-keys", "one-more", "another-order"],
)
def test_two_answers_are_the_same_to_the_letter_only(one: list[Any], other: list[Any], expected: bool) -> None:
    assert same(one, other) == expected
