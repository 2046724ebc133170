"""What an idempotency key stands for: one operation, which may be asked for again and is then done once.

Two requests are the same if a person typed the same: the verb, its parameters and the reason. Who asks does not
count, because a colleague may finish what a pipeline began. Neither does the revision that they looked at, nor a
parameter that is this revision because it was left out: both move on between two tries.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from constructs_lib.values.data import Json

from .operations import Intent

KEY_SECONDS = 24 * 3600
"""How long a key belongs to one operation."""
_LEFT_OUT = ("specs_at", "recipe")
"""Parameters that are the revision that somebody looked at, where they name no other one."""
_WORDS = {"specs_at": "commit of the spec", "recipe": "commit", "ref": "branch", "because": "reason", "until": "end"}
"""Parameters as a sentence names them, where their field's name does not read as one."""
_STEP = timedelta(minutes=1)
"""The smallest difference between two spans that a person can type, such as `30m` and `31m`."""


def differences(done: Intent, then: datetime, asked: Intent, now: datetime) -> list[str]:
    """In what a request differs from the operation that was done with its key, in words; empty if it is the same.

    `then` and `now` are the times of both, with a zone: a hold `--until 2h` ends later at the second try, and is the
    same hold.
    """
    old, new = _typed(done), _typed(asked)
    differing = [path for path in {**old, **new} if old.get(path) != new.get(path)]
    if "until" in differing and _same_span(old.get("until"), then, new.get("until"), now):
        differing.remove("until")
    names = (path.rpartition(".")[2] for path in differing)
    return list(dict.fromkeys(_WORDS.get(name, name) for name in names))


def _typed(intent: Intent) -> Json:
    """What a person typed, by the path of the parameter."""
    parameters = intent.operation.model_dump(exclude={"by"})  # the actor
    for name in _LEFT_OUT:
        if parameters.get(name) == intent.expected:
            parameters[name] = None
    return dict(_flat({**parameters, "reason": intent.reason}))


def _flat(data: Json, path: str = "") -> Iterator[tuple[str, object]]:
    for name, value in data.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def _same_span(old: str | None, then: datetime, new: str | None, now: datetime) -> bool:
    """Whether two ends are as far away from the moments in which they were typed."""
    try:
        spans = [datetime.fromisoformat(end) - at for end, at in ((old or "", then), (new or "", now))]
    except ValueError:  # without an end, or a day that no month has
        return False
    return abs(spans[0] - spans[1]) < _STEP
