"""Operations as functions: facts and an operation in, the next state out, or a refusal. Nothing else happens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from .facts import Facts
from .gates import pass_gates
from .invariants import require_invariants
from .model import Outcome
from .operations import Intent
from .verbs import deploying, keeping, promoting, rollouts

_VERBS: dict[str, Callable[[Any, Facts, datetime], Outcome]] = {
    "deploy": deploying.deploy,
    "reset": deploying.reset,
    "canary": rollouts.canary,
    "finalize": rollouts.finalize,
    "rollback": rollouts.rollback,
    "close": rollouts.close,
    "promote": promoting.promote,
    "platform": promoting.platform,
    "hold": keeping.hold,
    "unhold": keeping.unhold,
    "signers": keeping.signers,
    "undo": keeping.undo,
    "retire": keeping.retire,
    "restore": keeping.restore,
}


def apply(intent: Intent, facts: Facts, now: datetime) -> Outcome:
    """The state of the environment after an operation. Raises Refused with the reason if it is not legal.

    `now` is a time with a zone. This function opens no process, file or socket: anyone can run it again at any
    time, and it makes the same decision. That is how `desired verify` checks the history.
    """
    outcome = _VERBS[intent.operation.verb](intent.operation, facts, now)
    if outcome.state is not facts.here:
        require_invariants(intent, facts, outcome.state)
        pass_gates(intent, facts, outcome.state, now)
    return outcome
