"""A key belongs to one operation: what makes two requests the same, and in what they differ."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from desired.core.keys import differences
from desired.core.operations import OPERATION, Intent
from tests.support.fleet_states import ADA, NOW, build, commit_of, image

LATER = NOW + timedelta(minutes=20)
DEPLOY: dict[str, Any] = {"verb": "deploy", "services": {"shop": build("shop")}, "specs_at": commit_of(0)}
CANARY: dict[str, Any] = {"verb": "canary", "service": "shop", "share": 40}
PROMOTE: dict[str, Any] = {"verb": "promote", "source": "lab", "recipe": commit_of(0)}
HOLD: dict[str, Any] = {"verb": "hold", "service": "shop", "because": "the fair is on", "by": "Ada"}
_OWN = ("actor", "reason", "expected", "unobserved")


def asked(operation: dict[str, Any], **changes: Any) -> Intent:
    """A request with a key: an operation in trial with some changes, by Ada who looked at the first commit."""
    own = {"actor": ADA, "reason": "", "expected": commit_of(0)}
    own |= {name: changes.pop(name) for name in _OWN if name in changes}
    return Intent(operation=OPERATION.validate_python({"environment": "trial", **operation, **changes}), key="k", **own)


def differing(operation: dict[str, Any], now: datetime = LATER, **changes: Any) -> list[str]:
    """In what a second request differs from the first one with its key."""
    return differences(asked(operation), NOW, asked(operation, **changes), now)


@pytest.mark.parametrize("operation", [DEPLOY, CANARY, PROMOTE, HOLD])
def test_the_same_request_is_the_same_whoever_asks_again_and_whatever_they_looked_at(
    operation: dict[str, Any],
) -> None:
    newest: dict[str, Any] = {name: commit_of(3) for name in ("specs_at", "recipe") if name in operation}
    assert not differing(operation)
    assert not differing(operation, actor="Bob <bob@example.com>", expected=commit_of(3), **newest)


@pytest.mark.parametrize(
    ("operation", "changes", "words"),
    [
        (DEPLOY, {"services": {"shop": build("shop") | {"image": image("shop", 7)}}}, ["image"]),
        (DEPLOY, {"services": {"shop": build("shop") | {"ref": "topic"}}}, ["branch"]),
        (DEPLOY, {"services": {"shop": build("shop"), "cart": build("cart")}}, ["image", "commit", "branch"]),
        (DEPLOY, {"specs_at": commit_of(4)}, ["commit of the spec"]),
        (DEPLOY, {"canary": True, "name": "both"}, ["canary", "name"]),
        (DEPLOY, {"reason": "the next sprint"}, ["reason"]),
        (CANARY, {"share": 60}, ["share"]),
        (CANARY, {"service": "cart"}, ["service"]),
        (CANARY, {"environment": "public"}, ["environment"]),
        (PROMOTE, {"recipe": commit_of(4)}, ["commit"]),
        (PROMOTE, {"without": ["cart"]}, ["without"]),
        (HOLD, {"because": "an audit is running"}, ["reason"]),
        (HOLD, {"until": "2026-11-02T12:00:00Z"}, ["end"]),
    ],
)
def test_a_request_that_differs_says_in_what(
    operation: dict[str, Any], changes: dict[str, Any], words: list[str]
) -> None:
    assert differing(operation, **changes) == words


def test_who_holds_it_is_who_asks_and_does_not_count() -> None:
    assert not differing(HOLD, by="Bob", actor="Bob <bob@example.com>")


def test_whether_the_cluster_was_checked_does_not_count() -> None:
    one, other = (asked(CANARY, reason="the cluster is away", unobserved=each) for each in (False, True))
    assert not differences(one, NOW, other, LATER)


def test_another_verb_with_the_same_parameters_differs() -> None:
    one, other = (asked({"verb": verb, "service": "shop"}) for verb in ("finalize", "rollback"))
    assert differences(one, NOW, other, NOW) == ["verb"]


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("2026-11-02T11:50:00Z", []),  # 2h, typed twenty minutes later
        ("2026-11-02T11:30:00Z", []),  # the same time
        ("2026-11-02T11:51:00Z", ["end"]),  # 121m
        ("2026-02-31T09:30:00Z", ["end"]),  # a day that no month has
    ],
)
def test_a_span_that_is_typed_again_is_the_same_although_it_ends_later(end: str, words: list[str]) -> None:
    held = HOLD | {"until": "2026-11-02T11:30:00Z"}
    assert differing(held, until=end) == words
