"""What holds for every rule: it is documented, it is tested, and our own clusters break none."""

from __future__ import annotations

import re

import pytest

from constructs_lib import Role
from constructs_lib.rules.all_rules import CLUSTER_RULES, RULES, UNIT_RULES, rule_id
from tests.support.planted import GROUPS, Planted, shipped
from tests.support.shipped import ROOT

STALE = "stale-exemption"


def documented() -> dict[str, list[str]]:
    """The rows of the tables in the documentation: each rule, and its other cells."""
    rows = re.findall(r"^\| `([a-z0-9-]+)` \|(.*)\|$", (ROOT / "docs" / "rules.md").read_text(encoding="utf-8"), re.M)
    return {rule: [cell.strip() for cell in cells.split(" | ")] for rule, cells in rows}


def test_the_documentation_has_every_rule_and_no_other() -> None:
    assert set(documented()) == {*RULES, STALE}


def test_the_documentation_says_what_each_rule_refuses_and_the_remedy() -> None:
    assert [rule for rule, cells in documented().items() if len(cells) != 2 or not all(cells)] == []


def test_no_two_rules_have_one_id() -> None:
    assert len(set(RULES)) == len(RULES)


def test_every_rule_belongs_to_a_group_with_planted_defects() -> None:
    grouped = {module for modules in GROUPS.values() for module in modules}
    rules = (*UNIT_RULES, *CLUSTER_RULES)
    assert [rule_id(rule) for rule in rules if rule.__module__.rpartition(".")[2] not in grouped] == []


def test_a_cluster_without_a_defect_breaks_no_rule(good: Planted) -> None:
    assert good.findings() == []


def test_a_rollout_without_a_defect_breaks_no_rule(good_rollout: Planted) -> None:
    assert good_rollout.findings() == []


@pytest.mark.parametrize(("name", "role"), [("prod", "apps"), ("staging", "apps"), ("staging", "ops")])
def test_our_own_clusters_break_no_rule(name: str, role: Role) -> None:
    assert shipped(name, role).findings() == []
