"""The picture of the clusters."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from itertools import combinations
from typing import Any, NamedTuple

import pytest

from constructs_lib import Backups, DatabaseClass, Environment, Pair, Pool, Pooler
from constructs_lib.values import Problem
from stacks.capacity import capacity
from stacks.infrastructure import load
from stacks.pair_box import Cluster
from stacks.picture import clusters, documents, draw, page
from stacks.side import Side
from stacks.svg import _DARK, _LIGHT, wide
from tests.support.fleet import environment
from tests.support.repository import ROOT

SVG = "{http://www.w3.org/2000/svg}"
DATABASE = DatabaseClass(instances=3, backups=Backups(to="s3://backups", retention="14d"), pooler=Pooler(instances=2))
LONG = "a-name-that-is-far-too-long-for-every-box-in-a-picture"


def pair(name: str, zones: Sequence[str] = ("a", "b"), **fields: Any) -> list[Cluster]:
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
    return [cluster(made, role) for role in ("ops", "apps")]


def cluster(made: Environment, role: Any) -> Cluster:
    assert made.pair
    ground = load("in-memory")
    return Cluster(Side(made, role, ground), capacity(made, role, ground, []))


class Words(NamedTuple):
    """One text and the box around it."""

    text: str
    left: float
    right: float
    top: float
    bottom: float


def words(svg: str) -> list[Words]:
    found = []
    for each in ET.fromstring(svg).iter(f"{SVG}text"):
        title = each.find(f"{SVG}title")
        text, style = (title.tail if title is not None else each.text) or "", each.get("class", "")
        width, x, y = wide(text, style), float(each.get("x", 0)), float(each.get("y", 0))
        left = x - width * {"middle": 0.5, "end": 1}.get(each.get("text-anchor", ""), 0)
        size = {"title": 18, "name": 14, "": 12}.get(style, 11)
        found.append(Words(text, left, left + width, y - 0.8 * size, y + 0.2 * size))
    return found


def drawn(svg: str) -> list[str]:
    return [each.text for each in words(svg)]


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_what_is_committed_is_what_the_command_writes() -> None:
    for path, text in documents(ROOT).items():
        assert (ROOT / path).read_text(encoding="utf-8") == text, f"{path} is old; run `make graph`"


MANY = [
    *(pair(f"stage-{each}", database=DATABASE) for each in range(4)),
    pair("wide", zones=("a", "b", "c", "d", "e", "f", "g"), protected=True),
    pair(LONG, zones=("zone-with-a-long-name-of-its-own", "b"), region=LONG, owner=LONG),
    pair("tight", apps=(Pool(name=LONG, min=0, max=1, tiers=(1, 2, 3)), Pool(name="x", min=1, max=1000))),
]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
def test_no_two_texts_overlap_and_none_leaves_the_picture(count: int) -> None:
    svg = draw(MANY[-count:])
    width = float(ET.fromstring(svg).get("width", 0))
    height = float(ET.fromstring(svg).get("height", 0))
    found = words(svg)
    assert [each for each in found if each.left < 0 or each.right > width or each.top < 0 or each.bottom > height] == []
    assert [
        (one.text, other.text)
        for one, other in combinations(found, 2)
        if one.left < other.right and other.left < one.right and one.top < other.bottom and other.top < one.bottom
    ] == []


def test_every_cluster_and_its_parts_are_drawn() -> None:
    found = drawn(draw([pair("first", database=DATABASE)]))
    for said in (
        "first", "first-ops", "first-apps", "in-memory, here", "Kubernetes v1.36.3", "a: 1 to 4", "b: 1 to 2",
        "critical: large, for tier 1 and 2", "PostgreSQL: 3 instances of 10Gi", "PgBouncer × 2, log archived",
        "backups, kept 14d", "s3://backups/first-apps", "Flux", "merge", "tag", "pulumi up", "live",
    ):  # fmt: skip
        assert said in found


def test_what_an_environment_does_not_have_is_not_drawn() -> None:
    svg = draw([pair("first")])
    assert "no pooler, no backups" in drawn(svg)
    assert not [each for each in drawn(svg) if each.startswith(("backups,", "s3://"))]
    assert "is protected" not in svg


def test_a_lock_marks_what_is_protected() -> None:
    assert "second is protected" in draw([pair("first"), pair("second", protected=True)])


def test_pools_that_end_too_early_stand_out() -> None:
    tight = pair("first", database=DATABASE, ops=(Pool(name="general", min=1, max=1),))
    assert 'class="wrong"' in draw([tight])
    assert 'class="wrong"' not in draw([pair("first")])


def test_a_text_that_is_cut_is_whole_under_the_pointer() -> None:
    svg = draw([pair(LONG)])
    assert LONG not in drawn(svg)
    assert any(each.text == LONG for each in ET.fromstring(svg).iter(f"{SVG}title"))


def test_texts_are_escaped() -> None:
    assert "in-memory, <&>" in drawn(draw([pair("first", region="<&>")]))


def test_who_does_not_see_it_is_told() -> None:
    root = ET.fromstring(draw([pair("first", protected=True)]))
    assert root.get("aria-labelledby") == "title description"
    told = root.findtext(f"{SVG}desc") or ""
    assert "first on in-memory, protected: first-ops with 2 to 2 nodes and first-apps with 4 to 12 nodes." in told


@pytest.mark.parametrize("colours", [_LIGHT, _DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ink", ["ink", "muted", "wrong", "make", "pull", "keep"])
@pytest.mark.parametrize("ground", ["paper", "outer", "inner", "chip"])
def test_words_stand_out_from_their_ground(colours: dict[str, str], ink: str, ground: str) -> None:
    """At least 4.5 to 1. Source: WCAG 2.2, success criterion 1.4.3."""
    bright, dark = sorted((luminance(colours[ink]), luminance(colours[ground])), reverse=True)
    if ground != "chip" or ink == "ink":
        assert (bright + 0.05) / (dark + 0.05) >= 4.5


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_style_that_is_used_has_a_rule() -> None:
    svg = draw(MANY)
    used = {each.get("class") for each in ET.fromstring(svg).iter() if each.get("class")}
    rules = set(re.findall(r"\.([\w-]+)", ET.fromstring(svg).findtext(f"{SVG}style") or ""))
    assert used <= rules


def test_no_pair_is_refused() -> None:
    with pytest.raises(Problem, match="no environment in envs/ has a pair, so that there is nothing to draw"):
        clusters(ROOT, [environment("first")])


def test_the_page_holds_the_picture_and_the_table() -> None:
    text = page([pair("first")])
    assert "](topology.svg)" in text
    assert "| `first-ops` |" in text
    assert "15% of each node" in text
