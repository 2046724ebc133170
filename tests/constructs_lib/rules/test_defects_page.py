"""`docs/defects.md` as far as values and rules refuse a defect. The end-to-end tests compare the whole table.

`DESIRED_WRITE_DOCS=1 make e2e ONLY=tests/e2e/admission` writes it anew.
"""

from __future__ import annotations

import pytest

from tests.support import defects_page, layers
from tests.support.defects import DEFECTS, Defect
from tests.support.planted import Planted, cluster


@pytest.fixture(scope="module")
def sound() -> Planted:
    """A cluster without a defect."""
    return cluster()


def test_the_page_has_a_row_for_each_defect() -> None:
    assert list(defects_page.read()) == [each.name for each in DEFECTS]


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_the_page_repeats_what_values_and_rules_say(defect: Defect, sound: Planted) -> None:
    planted = sound.copy()
    defect.plant(planted)
    by_values, by_rules = layers.by_values(defect), layers.by_rules(planted)
    values, rules, *_, words = defects_page.read()[defect.name]
    assert [values, rules] == [defects_page.mark(by_values), defects_page.mark(by_rules)]
    if first := by_values or by_rules:
        assert words == defects_page.cell(first)
