"""The drawing of the clusters, and the page that holds it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest

from constructs_lib import Backups, DatabaseClass, Pair, Pool, Pooler, Role
from constructs_lib.values import Problem
from desired.render.fleet import load_environments
from stacks.resources.cluster_spec import ClusterSpec
from stacks.resources.infrastructure import load
from stacks.tools.capacity import capacity
from stacks.tools.picture import PATH, DrawnCluster, draw, page, pairs
from tests.support.fleet import environment
from tests.support.repository import ROOT

DATABASE = DatabaseClass(instances=3, backups=Backups(to="s3://backups", retention="14d"), pooler=Pooler(instances=2))
ROLES: tuple[Role, ...] = ("ops", "apps")


def pair(name: str, zones: Sequence[str] = ("a", "b"), **fields: Any) -> list[DrawnCluster]:
    given = {
        "owner": "team-a",
        "infrastructure": "in-memory",
        "region": "here",
        "kubernetes": "v1.36.3",
        "apps": (Pool(name="general", min=1, max=4), Pool(name="critical", size="L", min=1, max=2, tiers=(1, 2))),
        "ops": (Pool(name="general", size="S", min=1, max=1),),
    }
    database = fields.pop("database", DatabaseClass())
    made = environment(name, zones=tuple(zones), pair=Pair(**{**given, **fields}), database=database)
    specs = [ClusterSpec(made, role, load("in-memory")) for role in ROLES]
    return [DrawnCluster(spec, capacity(spec, [])) for spec in specs]


def test_the_committed_page_is_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    text = page(pairs(ROOT, load_environments("envs").values()))
    assert (ROOT / PATH).read_text(encoding="utf-8") == text, f"{PATH} is old; run `make graph`"


def test_every_cluster_and_its_parts_are_drawn() -> None:
    drawn = draw([pair("first", database=DATABASE)])
    for label in (
        '"first<br/>in-memory, here, owner team-a"', "first-ops<br/>Kubernetes v1.36.3", "first-apps<br/>",
        "general: 1 to 4 × medium in each of a, b", "critical: 1 to 2 × large in each of a, b, tier 1 and 2",
        "needs about 3 of its 4 to 12 nodes", "PostgreSQL: 3 × 10Gi<br/>PgBouncer × 2", '|"backups, kept 14d"|',
        '"s3://backups/first-apps"', '|"Flux pulls live"|', "on a merge ops, on a tag apps",
    ):  # fmt: skip
        assert label in drawn


def test_an_environment_is_drawn_without_what_it_lacks() -> None:
    drawn = draw([pair("first")])
    assert "no backups" in drawn
    for label in ("PgBouncer", "s3://", "backups, kept", "protected"):
        assert label not in drawn


def test_protected_environments_are_marked() -> None:
    drawn = draw([pair("first"), pair("second", protected=True)])
    assert ("first (protected)" in drawn, "second (protected)" in drawn) == (False, True)


def test_small_pools_are_marked() -> None:
    tight = pair("first", zones=("a",), database=DATABASE, ops=(Pool(name="general", min=1, max=1),))
    assert "⚠ needs about 3 of its 1 nodes" in draw([tight])
    assert "⚠" not in draw([pair("first")])


def test_every_node_of_the_drawing_has_a_name_of_its_own() -> None:
    nodes = re.findall(
        r"^ +(?:subgraph )?(\w+)\[", draw([pair("first", database=DATABASE), pair("second")]), re.MULTILINE
    )
    assert len(nodes) == len(set(nodes)) == 12


def test_labels_are_escaped() -> None:
    assert "in-memory, #lt;b#gt; #35;1 #quot;x#quot;, owner" in draw([pair("first", region='<b> #1 "x"')])


def test_environments_without_a_pair_are_refused() -> None:
    with pytest.raises(Problem, match="no environment in envs/ has a pair, so there is nothing to draw"):
        pairs(ROOT, [environment("first")])


def test_the_page_has_the_drawing_and_the_table() -> None:
    text = page([pair("first")])
    assert "```mermaid\nflowchart LR\n" in text
    assert "| `first-ops` |" in text
    assert "15% of each node" in text
