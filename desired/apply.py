"""Operations as functions: a state and an operation in, the next state out, or a refusal. Nothing else happens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from .gates import pass_gates
from .model import EnvironmentState, Observation, Outcome, State
from .operations import Intent
from .problems import Refused
from .soundness import require_sound
from .verbs import deploying, keeping, promoting, rollouts

_VERBS: dict[str, Callable[[Any, State, EnvironmentState, datetime], Outcome]] = {
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
    "undo": keeping.undo,
    "retire": keeping.retire,
    "restore": keeping.restore,
}


def apply(intent: Intent, state: State, observed: Observation | None, now: datetime) -> Outcome:
    """The state of the environment after an operation. Raises Refused with the reason where it is not legal.

    `now` is a time with a zone. What cannot be seen in `state` and `observed` plays no part.
    """
    operation = intent.operation
    here = state.environments.get(operation.environment)
    if here is None:
        known = ", ".join(state.environments)
        raise Refused(f"there is no environment {operation.environment!r}; there are {known}")
    outcome = _VERBS[operation.verb](operation, state, here, now)
    if outcome.state is not here:
        require_sound(state, here, outcome.state)
        pass_gates(intent, state, here, outcome.state, observed, now)
    return outcome
