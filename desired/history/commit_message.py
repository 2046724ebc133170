"""Writes and reads an operation in its commit: a first line for people, and trailers for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError

from constructs_lib.values.release import short_digest

from ..core.model import Observation
from ..core.operations import OPERATION, Build, Canary, Deploy, Hold, Intent, Operation, Promote
from ..git import Author, Commit
from ..wording import printable

OPERATION_TRAILER = "Desired-Operation"
_PARAMETERS, _ACTOR, _REASON = "Desired-Parameters", "Desired-Actor", "Desired-Reason"
REVISION = "Desired-Revision"
_EXPECTED, KEY = "Desired-Expected", "Desired-Key"
_OBSERVED, _UNOBSERVED = "Desired-Observed", "Desired-Unobserved"
RULES_TRAILER = "Desired-Rules"
"""Commits of version 0.1 have none: they were decided by the first version of the rules."""
CODE = "Desired-Code"
"""Clusters whose manifests are not made by the code of the commit itself, and the commits whose code makes them."""
MANIFESTS_ID = "Desired-Manifests"
"""The id of the tree of `manifests/`. With the revision it shows an edit that kept the message of a commit."""
WAS_LIVE = "Desired-Was-Live"
"""A commit that `live` was at, which the publisher did not make."""
START, PUBLISH, REPAIR, MANIFESTS = "start", "publish", "repair", "manifests"
"""What the publisher itself writes in place of an operation's verb."""


@dataclass(frozen=True)
class Recorded:
    """What the trailers of a commit say."""

    intent: Intent
    observed: Observation | None
    revision: str
    """The id of the tree of `releases/` after it."""


def title(operation: Operation) -> str:
    """One line that says what was done."""
    where = f"in {operation.environment}"
    if isinstance(operation, Deploy):
        versions = ", ".join(f"{name} {_version(each)}" for name, each in operation.services.items())
        return _short(f"{versions}: deploy {'as a canary ' if operation.canary else ''}{where}")
    if isinstance(operation, Canary):
        return f"{operation.service}: {operation.share} % {where}"
    if isinstance(operation, Promote):
        return f"Promote {operation.source} at {operation.recipe[:12]} to {operation.environment}"
    about = getattr(operation, "tag", "") or str(getattr(operation, "to", "") or getattr(operation, "commit", ""))[:12]
    done = " ".join(filter(None, (operation.verb, "" if isinstance(operation, Hold) else about)))
    subject = ", ".join(operation.named())
    return _short(f"{subject}: {done} {where}" if subject else f"{operation.environment}: {done}")


def _version(build: Build) -> str:
    return (build.commit or short_digest(build.image))[:12]


def _short(text: str) -> str:
    return text if len(text) <= 100 else text[:99] + "…"


def message(
    intent: Intent,
    observed: Observation | None,
    revision: str,
    notes: tuple[str, ...],
    made: Iterable[tuple[str, str]] = (),
) -> str:
    """The message of an operation's commit. `made` are trailers about its manifests."""
    operation = intent.operation
    trailers = [
        (OPERATION_TRAILER, operation.verb),
        (_PARAMETERS, json.dumps(operation.model_dump(mode="json", exclude_defaults=True), sort_keys=True)),
        (_ACTOR, intent.actor),
        (_REASON, intent.reason),
        (_EXPECTED, intent.expected),
        (REVISION, revision),
        (KEY, intent.key),
        (_OBSERVED, observed.model_dump_json(exclude_defaults=True) if observed else ""),
        (_UNOBSERVED, "yes" if intent.unobserved else ""),
        (RULES_TRAILER, str(intent.rules)),
        *made,
    ]
    return with_trailers(title(operation), body(notes), trailers)


def body(notes: Iterable[str]) -> str:
    """Notes as sentences, one a line."""
    return "".join(f"{note[:1].upper()}{note[1:]}.\n" for note in map(printable, notes))


def with_trailers(first: str, text: str, trailers: list[tuple[str, str]]) -> str:
    """A message with trailers; those without a value are left out."""
    listed = "".join(f"{name}: {value}\n" for name, value in trailers if value)
    return f"{first}\n\n{text}{chr(10) if text else ''}{listed}"


def trailers(text: str) -> dict[str, str]:
    """The trailers of the last paragraph of a message."""
    last = text.rstrip("\n").rpartition("\n\n")[2]
    pairs = (line.partition(": ") for line in last.split("\n"))
    return {name: value for name, colon, value in pairs if colon and name.startswith("Desired-")}


def kind(text: str) -> str:
    """The verb of the operation, or what the publisher wrote in its place; empty where the publisher wrote nothing."""
    return trailers(text).get(OPERATION_TRAILER, "")


def rules(text: str) -> int:
    """The version of the rules by which a commit was decided."""
    said = trailers(text).get(RULES_TRAILER, "1")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 9 else 1


def older_codes(text: str) -> dict[str, str]:
    """The clusters that older code makes at a commit with this message, and the commits of that code."""
    try:
        found = json.loads(trailers(text).get(CODE) or "{}")
    except (ValueError, RecursionError):  # a person may write anything
        return {}
    return found if isinstance(found, dict) else {}


def recorded(text: str) -> Recorded | None:
    """The operation in a commit's message; None if there is none that can be read."""
    found = trailers(text)
    if OPERATION_TRAILER not in found or found[OPERATION_TRAILER] in (START, PUBLISH, REPAIR, MANIFESTS):
        return None
    try:
        parameters = dict(json.loads(found.get(_PARAMETERS, "{}")))
        operation = OPERATION.validate_python({**parameters, "verb": found[OPERATION_TRAILER]})
        observed = Observation.model_validate_json(found[_OBSERVED]) if _OBSERVED in found else None
        intent = Intent(
            operation=operation,
            actor=found.get(_ACTOR, ""),
            reason=found.get(_REASON, ""),
            expected=found.get(_EXPECTED, ""),
            key=found.get(KEY, ""),
            unobserved=found.get(_UNOBSERVED) == "yes",
            rules=int(found.get(RULES_TRAILER, "1")),
        )
    except (ValidationError, ValueError, TypeError, RecursionError):
        return None
    return Recorded(intent, observed, found.get(REVISION, ""))


def named(commit: Commit) -> str:
    """An operation's commit as a sentence names it, with its key."""
    found = recorded(commit.message)
    return f"{commit.id[:12]}, {title(found.intent.operation)} (key {found.intent.key})," if found else commit.id[:12]


def author_of(intent: Intent, time: int) -> Author:
    """The author of an operation's commit."""
    name, _, email = intent.actor.partition(" <")
    return Author(name, email.rstrip(">"), time)
