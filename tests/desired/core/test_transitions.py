"""What is legal when: every verb in every position, and the page that shows it."""

from __future__ import annotations

import os
from typing import Any

import pytest

from desired.core.transitions import REFUSALS, Position, position
from tests.support.fleet_states import Fleet, build, refusal, without
from tests.support.repository import ROOT

PAGE = ROOT / "docs" / "operations.md"
_BEGIN, _END = "<!-- table -->\n", "<!-- end of the table -->\n"

MAY = {
    "deploy": {"absent", "steady", "finalized"},
    "canary": {"open at 0 %", "open at 1 to 99 %", "open at 100 %"},
    "finalize": {"open at 100 %"},
    "rollback": {"open at 0 %", "open at 1 to 99 %", "open at 100 %", "finalized"},
    "reset": {"absent", "steady", "finalized"},
    "close": {"open at 0 %", "finalized"},
    "promote": {"absent", "steady", "finalized"},
    "retire": {"steady"},
    "restore": {"absent"},
}
OPEN = ("checks-out", "Finalize that", "roll it back and close it")
WHY: dict[tuple[str, str], tuple[str, ...]] = {
    **{(verb, at): OPEN for verb in ("deploy", "reset", "promote", "retire") for at in MAY["canary"]},
    ("canary", "absent"): ("does not run there", "Deploy it first"),
    ("canary", "steady"): ("no rollout", "Deploy a version with --canary"),
    ("canary", "finalized"): ("checks-out is finalized", "Roll it back"),
    ("finalize", "absent"): ("does not run there", "Deploy it first"),
    ("finalize", "steady"): ("no rollout", "Deploy a version with --canary"),
    ("finalize", "open at 0 %"): ("checks-out is 0 %", "Set it to 100"),
    ("finalize", "open at 1 to 99 %"): ("checks-out is 40 %", "Set it to 100"),
    ("finalize", "finalized"): ("checks-out is already finalized", "Close it"),
    ("rollback", "absent"): ("does not run there", "Deploy it first"),
    ("rollback", "steady"): ("no rollout", "--to"),
    ("close", "absent"): ("does not run there", "Deploy it first"),
    ("close", "steady"): ("no rollout", "There is nothing to close"),
    ("close", "open at 1 to 99 %"): ("40 %", "Roll it back or finalize it"),
    ("close", "open at 100 %"): ("100 %", "Finalize it or roll it back"),
    ("retire", "absent"): ("does not run there", "There is nothing to retire"),
    ("retire", "finalized"): ("checks-out is not closed", "Close it first"),
    **{("restore", at): ("runs there", "Deploy a version instead") for at in MAY["retire"] | MAY["rollback"]},
}
SAID = {"rollback": "roll back", "canary": "set the share of"}
PAIRS = [(verb, each) for verb in MAY for each in Position]


def at(where: str) -> tuple[Fleet, str]:
    """A fleet whose shop stands there in trial, and a commit at which another version of it ran."""
    fleet = Fleet(running=("cart",))
    fleet.deploy("lab", "shop", number=4)
    fleet.deploy("trial", "shop", number=1)
    earlier = fleet.head
    fleet.deploy("trial", "shop", number=2)
    if where == "absent":
        fleet.do("retire", "trial", service="shop")
    if where in ("absent", "steady"):
        return fleet, earlier
    fleet.deploy("trial", "shop", number=3, canary=True, name="checks-out")
    share = {"open at 0 %": 0, "open at 1 to 99 %": 40}.get(where, 100)
    fleet.do("canary", "trial", service="shop", share=share)
    if where == "finalized":
        fleet.do("finalize", "trial", service="shop")
    return fleet, earlier


def fields_of(verb: str, fleet: Fleet, earlier: str) -> dict[str, Any]:
    """What an operation says beside its verb and environment."""
    said: dict[str, dict[str, Any]] = {
        "deploy": {"services": {"shop": build("shop", 5)}, "specs_at": fleet.head},
        "canary": {"service": "shop", "share": 30},
        "reset": {"to": earlier, "services": ["shop"]},
        "promote": {"source": "lab", "recipe": fleet.head},
        "restore": {"service": "shop", "at": earlier},
    }
    return said.get(verb, {"service": "shop"})


@pytest.mark.parametrize("where", list(Position))
def test_a_position_is_told_from_the_state(where: Position) -> None:
    fleet, _ = at(where)
    assert position(fleet.environments["trial"], "shop") == where


@pytest.mark.parametrize(("verb", "where"), [pair for pair in PAIRS if pair[1] in MAY[pair[0]]])
def test_what_the_table_allows_is_done(verb: str, where: Position) -> None:
    fleet, earlier = at(where)
    outcome = fleet.do(verb, "trial", **fields_of(verb, fleet, earlier))
    assert fleet.units(outcome.state)


@pytest.mark.parametrize(("verb", "where"), [pair for pair in PAIRS if pair[1] not in MAY[pair[0]]])
def test_what_the_table_forbids_is_refused_with_the_reason_and_the_remedy(verb: str, where: Position) -> None:
    fleet, earlier = at(where)
    said = refusal(fleet, verb, "trial", **fields_of(verb, fleet, earlier))
    assert said.startswith(f"Cannot {SAID.get(verb, verb)} shop in trial: ")
    assert not without(said, WHY[verb, where])
    assert "{" not in said


def test_the_page_shows_the_table() -> None:
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    wanted = f"{before}{_BEGIN}\n{table()}\n{_END}{after}"
    if "DESIRED_WRITE_DOCS" in os.environ:
        PAGE.write_text(wanted, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == wanted


def table() -> str:
    """The table as Markdown: `yes`, or the number of the reason, which is listed below."""
    reasons = list(dict.fromkeys(why for row in REFUSALS.values() for why in row.values() if why))
    lines = [f"| | {' | '.join(Position)} |", f"| --- |{' --- |' * len(Position)}"]
    for verb, row in REFUSALS.items():
        cells = (f"no [{reasons.index(row[each]) + 1}]" if row.get(each) else "yes" for each in Position)
        lines.append(f"| `{verb}` | {' | '.join(cells)} |")
    listed = (f"{number}. {_shown(reason)}" for number, reason in enumerate(reasons, 1))
    return "\n".join([*lines, "", "Why not, and what to do:", "", *listed, ""])


def _shown(reason: str) -> str:
    return reason.replace("{rollout}", "*rollout*").replace("{share}", "*share*")
