"""An exemption accepts one finding about one subject, and is itself found when it accepts nothing."""

from __future__ import annotations

import pytest

from constructs_lib import Exemption
from constructs_lib.rules.facts import Finding
from tests.support.planted import ENV, Planted

REASON = "The vendor signs its images instead."


def exempt(it: Planted, *pairs: tuple[str, str]) -> None:
    exemptions = tuple(Exemption(rule=rule, subject=subject, reason=REASON) for rule, subject in pairs)
    it.environment = ENV.model_copy(update={"exemptions": exemptions})


def test_a_finding_with_an_exemption_is_accepted(planted: Planted) -> None:
    planted.main("web-blue")["image"] = "a:1"
    exempt(planted, ("image-by-digest", "web"))
    assert planted.findings() == []


def test_a_finding_of_the_whole_cluster_can_be_exempt(planted: Planted) -> None:
    planted.one("ResourceQuota", "services")["spec"]["hard"] = {"pods": "1"}
    exempt(planted, ("quota-fits-two-sets", "ResourceQuota/services"))
    assert planted.findings() == []


@pytest.mark.parametrize("pair", [("image-by-digest", "api"), ("never-latest", "web")], ids=["subject", "rule"])
def test_an_exemption_holds_for_its_own_rule_and_subject_only(planted: Planted, pair: tuple[str, str]) -> None:
    planted.main("web-blue")["image"] = "a:1"
    exempt(planted, pair)
    assert {each.rule for each in planted.findings()} == {"image-by-digest", "stale-exemption"}


def test_an_exemption_that_matches_no_finding_is_found(planted: Planted) -> None:
    exempt(planted, ("image-by-digest", "web"))
    assert planted.findings() == [
        Finding(
            "stale-exemption",
            "web",
            "web: the exemption from image-by-digest matches no finding; remove it from environment test",
        )
    ]


def test_an_exemption_from_an_unknown_rule_says_so(planted: Planted) -> None:
    exempt(planted, ("image-by-digset", "web"))
    assert "names a rule that does not exist" in planted.findings()[0].sentence


def test_a_stale_exemption_cannot_be_exempt(planted: Planted) -> None:
    exempt(planted, ("image-by-digest", "web"), ("stale-exemption", "web"))
    assert [each.rule for each in planted.findings()] == ["stale-exemption", "stale-exemption"]


@pytest.mark.parametrize(
    ("subject", "role", "found"),
    [("web", "apps", True), ("web", "ops", False), ("probe", "apps", False), ("probe", "ops", True)],
)
def test_an_unused_exemption_is_reported_where_its_subject_runs(
    good: Planted, good_ops: Planted, subject: str, role: str, found: bool
) -> None:
    it = (good if role == "apps" else good_ops).copy()
    exempt(it, ("image-by-digest", subject))
    assert bool(it.findings()) == found
