"""Planted defects: each one is refused, and `docs/defects.md` says by whom.

Run with `DESIRED_WRITE_DOCS=1` to write the table there anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from testbed.api import Api
from testbed.bed import Bed
from testbed.programs.build import program
from testbed.report import Record
from tests.support import defects_page, layers
from tests.support.defects import DEFECTS, Defect
from tests.support.planted import Planted, cluster


class Outcome(NamedTuple):
    """What each layer said of a defect; nothing where it accepted it."""

    values: str
    rules: str
    checkers: dict[str, str]
    server: str

    def refusals(self) -> list[str]:
        """The words of those that refused it, the first one first."""
        return [said for said in (self.values, self.rules, *self.checkers.values(), self.server) if said]

    def cells(self) -> list[str]:
        """The cells of its row in the table."""
        checkers = ", ".join(checker for checker, said in self.checkers.items() if said)
        first = defects_page.cell(self.refusals()[0])
        return [
            defects_page.mark(self.values),
            defects_page.mark(self.rules),
            checkers,
            defects_page.mark(self.server),
            first,
        ]


@pytest.fixture(scope="module")
def sound() -> Planted:
    """A cluster without a defect."""
    return cluster()


@pytest.fixture(scope="module")
def api(bed: Bed, sound: Planted) -> Iterator[Api]:
    """An API server that has what the cluster's objects need; nothing runs there."""
    with bed.cluster("defects", kwok=False) as server:
        layers.prepare(server.api, sound)
        yield server.api


@pytest.fixture(scope="module")
def outcomes(sound: Planted, api: Api) -> dict[str, Outcome]:
    """What became of each defect."""
    planted = {each.name: _planted(sound, each) for each in DEFECTS}
    changed = {name: layers.changed(sound, each) for name, each in planted.items()}
    policies = layers.by_checkov(sound, changed)
    remarks = layers.remarks(program("kube-score"), sound)
    return {
        defect.name: Outcome(
            layers.by_values(defect),
            layers.by_rules(planted[defect.name]),
            {
                "schema": layers.by_schema(changed[defect.name]),
                "kube-score": layers.by_kube_score(program("kube-score"), remarks, planted[defect.name]),
                "checkov": policies[defect.name],
            },
            layers.by_server(api, changed[defect.name]),
        )
        for defect in DEFECTS
    }


def _planted(sound: Planted, defect: Defect) -> Planted:
    made = sound.copy()
    defect.plant(made)
    return made


def test_a_cluster_without_a_defect_is_refused_by_nobody(sound: Planted, api: Api) -> None:
    """The control: what refuses everything finds nothing."""
    assert layers.by_rules(sound) == ""
    assert layers.by_schema(sound.objects()) == ""
    assert layers.by_server(api, sound.objects()) == ""


def test_every_planted_defect_is_refused(outcomes: dict[str, Outcome]) -> None:
    assert [name for name, outcome in outcomes.items() if not outcome.refusals()] == []


def test_no_two_defects_have_one_name() -> None:
    assert len({each.name for each in DEFECTS}) == len(DEFECTS) >= 25


def test_what_can_be_said_in_a_value_is_refused_there(outcomes: dict[str, Outcome]) -> None:
    assert [each.name for each in DEFECTS if each.value and not outcomes[each.name].values] == []


def test_the_api_server_is_the_only_one_to_refuse_some(outcomes: dict[str, Outcome], record: Record) -> None:
    """What no earlier layer can know: these are why the manifests go to a real server."""
    last = [name for name, each in outcomes.items() if each.server and each.refusals() == [each.server]]
    assert len(last) >= 5
    record.measure("Admission", "planted defects, all refused", len(outcomes), "defects")
    record.measure("Admission", "planted defects that only the API server refuses", len(last), "defects")


def test_the_documentation_says_who_refuses_each_defect(outcomes: dict[str, Outcome]) -> None:
    rows = {name: outcome.cells() for name, outcome in outcomes.items()}
    if "DESIRED_WRITE_DOCS" in os.environ:
        defects_page.write(rows)
    assert defects_page.read() == rows
