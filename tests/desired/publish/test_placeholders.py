"""Placeholder digests do not go live without a word. All images of the fork, and all charts, have one."""

from __future__ import annotations

import pytest

from desired.wording import few
from tests.support.fork import Fork
from tests.support.people import Developer, ask

REAL = f"registry.example.com/search@sha256:{'a' * 64}"


def larger(developer: Developer, service: str) -> None:
    """Somebody merges another spec of a service."""
    path = f"apps/{service}.py"
    text = developer.read(path).replace('owner="team-a",', 'owner="team-a",\n    size="M",')
    developer.push(f"{service}: larger", {path: text})


def said(notes: tuple[str, ...]) -> list[str]:
    return [note for note in notes if "placeholder" in note]


def test_what_is_merged_names_each_service_that_gets_a_placeholder_and_no_other(fork: Fork) -> None:
    developer = Developer(fork)
    with fork.publisher() as publisher:
        build = {"image": REAL, "ref": "main"}
        ask(publisher, "deploy", environment="staging", services={"search": build}, specs_at=publisher.head())
        for service in ("search", "ledger"):
            larger(developer, service)
        words = "staging-apps gets placeholder digests (sha256:0000…) of ledger. Replace them"
        assert said(publisher.publish().notes) == [words]
        assert said(publisher.publish().notes) == [], "nothing new goes live"


def test_the_first_publishing_names_the_services_and_charts_of_every_cluster(fork: Fork) -> None:
    fork.unpublish()
    with fork.publisher() as publisher:
        notes = said(publisher.publish().notes)
    assert [note.partition(" ")[0] for note in notes] == [
        f"{name}-{role}" for name in ("preprod", "prod", "staging") for role in ("apps", "ops")
    ]
    assert "of basket, billing, catalog and 11 more. Replace them" in notes[0]
    assert "of reference, the chart cert-manager, the chart cloudnative-pg and 4 more." in notes[1]


@pytest.mark.parametrize(
    ("names", "words"),
    [("a", "a"), ("abc", "a, b and c"), ("abcd", "a, b, c and d"), ("abcde", "a, b, c and 2 more")],
)
def test_a_sentence_names_a_few_and_counts_the_rest(names: str, words: str) -> None:
    assert few(names) == words
