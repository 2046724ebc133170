"""Which operation is legal when: one table. `docs/operations.md` shows it; a property test walks it.

An operation on a service meets it in one of six positions. The table holds the reason of a refusal with its remedy,
and nothing where the operation is legal.
"""

from __future__ import annotations

from enum import StrEnum

from .errors import Refused
from .model import EnvironmentState


class Position(StrEnum):
    """The position of a service in an environment."""

    ABSENT = "absent"
    STEADY = "steady"
    AT_0 = "open at 0 %"
    BETWEEN = "open at 1 to 99 %"
    AT_100 = "open at 100 %"
    FINALIZED = "finalized"


_A, _S, _0, _M, _F, _Z = Position

_OPEN = "it is in the open rollout {rollout}. Finalize that, or roll it back and close it"
_NONE = "it is in no rollout. Deploy a version with --canary first"
_RUNS_NOT = "it does not run there. Deploy it first"

REFUSALS: dict[str, dict[Position, str]] = {
    "deploy": {_0: _OPEN, _M: _OPEN, _F: _OPEN},
    "canary": {
        _A: _RUNS_NOT,
        _S: _NONE,
        _Z: "its rollout {rollout} is finalized. Roll it back to open it again, or deploy another version",
    },
    "finalize": {
        _A: _RUNS_NOT,
        _S: _NONE,
        _0: "the share of {rollout} is 0 %. Set it to 100 first",
        _M: "the share of {rollout} is {share} %. Set it to 100 first",
        _Z: "its rollout {rollout} is already finalized. Close it",
    },
    "rollback": {_A: _RUNS_NOT, _S: "it is in no rollout. Name an earlier recipe with --to"},
    "reset": {_A: "", _0: _OPEN, _M: _OPEN, _F: _OPEN},
    "close": {
        _A: _RUNS_NOT,
        _S: "it is in no rollout. There is nothing to close",
        _M: "{rollout} has a share of {share} %. Roll it back or finalize it first",
        _F: "{rollout} has a share of 100 %. Finalize it or roll it back first",
    },
    "promote": {_0: _OPEN, _M: _OPEN, _F: _OPEN},
    "retire": {
        _A: "it does not run there. There is nothing to retire",
        _0: _OPEN,
        _M: _OPEN,
        _F: _OPEN,
        _Z: "its rollout {rollout} is not closed. Close it first",
    },
    "restore": dict.fromkeys((_S, _0, _M, _F, _Z), "it runs there. Deploy a version instead"),
}
"""By verb and position: why not. `finalize` asks for no share where no member of the rollout has a route."""


_WORDS = {"rollback": "roll back", "canary": "set the share of"}
"""Verbs as a sentence says them, where the command's name does not read as one."""


def position(state: EnvironmentState, service: str) -> Position:
    """The position of the service."""
    if service not in state.releases:
        return Position.ABSENT
    found = state.rollout_of(service)
    if found is None:
        return Position.STEADY
    rollout = found[1]
    if rollout.phase == "finalized":
        return Position.FINALIZED
    return {0: Position.AT_0, 100: Position.AT_100}.get(rollout.share, Position.BETWEEN)


def require(verb: str, state: EnvironmentState, service: str) -> None:
    """Raises Refused if the table forbids the operation."""
    if why := REFUSALS[verb].get(position(state, service), ""):
        name, rollout = state.rollout_of(service) or ("", None)
        reason = why.format(rollout=name, share=rollout.share if rollout else 0)
        raise Refused(f"Cannot {_WORDS.get(verb, verb)} {service} in {state.name}: {reason}")
