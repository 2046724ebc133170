"""A remote that rejects, hangs, is away or drops its answer: nothing is lost or done twice, nobody waits for ever."""

from __future__ import annotations

import contextlib
import threading
import time

import pytest

from desired.core.errors import Unreachable
from desired.git import Clone
from desired.publish.publisher import Publisher
from tests.support import audit, crowd
from tests.support.crowd import Json, Member
from tests.support.fork import Fork, git, image
from tests.support.hostile_remotes import away, drops_answers, hangs, now_and_then, refuses_branch, rejects, well

_SECONDS = 1.5
"""What a remote may take in these tests, where it hangs."""


def _members(fleet: Fork, **more: float) -> list[Member]:
    return [Member(fleet, f"clone{number}", f"one{number}", 6, **more) for number in range(4)]  # type: ignore[arg-type]


def _answered(lines: list[Json]) -> set[str]:
    return {line["status"] for line in lines}


def _deploy(publisher: Publisher, number: int, key: str) -> Json:
    main = publisher.branches.main
    builds = {"basket": {"image": image("basket", number), "ref": "main"}}
    operation = {"verb": "deploy", "environment": "staging", "services": builds, "specs_at": main}
    return crowd.asked(publisher, crowd.intent(operation, main, key))


def _settled(fleet: Fork, lines: list[Json]) -> list[Json]:
    """The same, and the answers to what nobody had answered: asked for again, with the same keys."""
    with fleet.publisher("settling") as publisher:
        return [*lines, *(crowd.asked(publisher, intent) for intent in crowd.unanswered(lines))]


def test_a_remote_that_rejects_some_pushes_with_strange_words_loses_nothing(fleet: Fork, start: str) -> None:
    rejects(fleet, per_cent=30)
    lines = crowd.run(_members(fleet))
    well(fleet)
    lines = _settled(fleet, lines)
    assert "live" in _answered(lines)
    assert audit.wrong(fleet, start, lines) == []


def test_a_remote_that_rejects_everything_is_named_with_its_words(fleet: Fork, start: str) -> None:
    rejects(fleet, per_cent=100, words=("the disk of the server is full",))
    with fleet.publisher() as publisher:
        line = _deploy(publisher, 2, "rejected-1")
    assert line["status"] == "unreachable"
    assert "pre-receive hook declined" in line["said"][0] or "the disk of the server is full" in line["said"][0]
    assert fleet.tip("main") == fleet.tip("live") == start


def test_a_remote_that_hangs_is_left_when_its_time_is_over(fleet: Fork, start: str) -> None:
    hangs(fleet, per_cent=25, seconds=600)
    lines = crowd.run(_members(fleet, timeout=_SECONDS))
    well(fleet)
    lines = _settled(fleet, lines)
    assert "live" in _answered(lines)
    assert audit.wrong(fleet, start, lines) == []
    assert audit.locks(fleet.remote) == []


def test_without_the_time_out_a_hanging_remote_is_waited_for(fleet: Fork) -> None:
    hangs(fleet, per_cent=100, seconds=3600)
    told: list[float] = []

    def ask(timeout: float) -> None:
        with fleet.publisher(f"clone-{timeout}", timeout=timeout) as publisher:
            before = time.monotonic()
            with contextlib.suppress(Unreachable):
                publisher.git.push("origin", {"refs/heads/main": (publisher.head(), publisher.head())})
                publisher.git.push("origin", {"refs/heads/new": (publisher.head(), None)})
            told.append(time.monotonic() - before)

    ask(0.5)
    assert told[0] < 600
    waiting = threading.Thread(target=ask, args=(600.0,))
    waiting.start()
    waiting.join(2.5)
    assert waiting.is_alive()
    well(fleet)
    waiting.join(600)
    assert not waiting.is_alive()


def test_a_remote_that_is_away_for_a_while_loses_nothing(fleet: Fork, start: str) -> None:
    def leave() -> None:
        with away(fleet):
            time.sleep(0.4)  # this is how long it is away, not what anybody waits for

    members = _members(fleet)
    processes = crowd.started(members)
    with now_and_then(leave, 0.8) as left:
        crowd.wait(processes)
    lines = crowd.journals(members)
    lines = _settled(fleet, lines)
    assert left
    assert audit.wrong(fleet, start, lines) == []


def test_a_remote_that_is_away_is_said_to_be(fleet: Fork, start: str) -> None:
    with fleet.publisher() as publisher:
        with away(fleet):
            assert _deploy(publisher, 2, "early-1")["status"] == "unreachable"
        assert _deploy(publisher, 2, "early-1")["status"] == "live"


def test_answers_that_are_dropped_after_accepting_are_found_on_the_branches(fleet: Fork, start: str) -> None:
    for number in range(4):
        drops_answers(fleet, f"clone{number}", per_cent=50)
    lines = crowd.run(_members(fleet))
    assert {"unreachable", "problem"}.isdisjoint(_answered(lines))
    assert audit.wrong(fleet, start, lines) == []


def _answer_lost_on_the_way(fleet: Fork) -> list[Json]:
    """A push is accepted, its answer is dropped, and nobody can look; then the same is asked for again."""
    honest = drops_answers(fleet, "clone", per_cent=100)
    with fleet.publisher() as publisher:
        push = publisher.git.push

        def pushed_and_gone(*given: object) -> None:
            try:
                push(*given)  # type: ignore[arg-type]
            finally:
                fleet.remote.rename(fleet.remote.with_name("hidden.git"))

        publisher.git.push = pushed_and_gone  # type: ignore[method-assign,assignment]
        first = _deploy(publisher, 2, "lost-1")
        fleet.remote.with_name("hidden.git").rename(fleet.remote)
        honest()
        publisher.git.push = push  # type: ignore[method-assign]
        publisher.head()
        # Meanwhile somebody goes on, whose work must not be taken back by asking again.
        return [first, _deploy(publisher, 3, "other-1"), _deploy(publisher, 2, "lost-1")]


def test_an_operation_whose_answer_was_lost_is_done_once(fleet: Fork, start: str) -> None:
    lines = _answer_lost_on_the_way(fleet)
    assert [line["status"] for line in lines] == ["unreachable", "live", "repeated"]
    assert "It is not known" in lines[0]["said"][0]
    assert audit.wrong(fleet, start, lines) == []


def test_without_the_look_at_the_key_it_is_done_twice(fleet: Fork, start: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Publisher, "_done_before", lambda *_: None)
    lines = _answer_lost_on_the_way(fleet)
    assert "lost-1 was done 2 times" in audit.wrong(fleet, start, lines)


def test_a_server_that_protects_one_branch_gets_neither(fleet: Fork, start: str) -> None:
    refuses_branch(fleet, "live")
    with fleet.publisher() as publisher:
        line = _deploy(publisher, 2, "half-1")
    assert line["status"] == "unreachable"
    assert (fleet.tip("main"), fleet.tip("live")) == (start, start)


def test_without_an_atomic_push_one_branch_goes_alone(fleet: Fork, start: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Clone.run
    monkeypatch.setattr(
        Clone, "run", lambda self, *words, **more: run(self, *(w for w in words if w != "--atomic"), **more)
    )
    refuses_branch(fleet, "live")
    with fleet.publisher() as publisher:
        line = _deploy(publisher, 2, "half-1")
    assert any("live is at" in each for each in audit.wrong(fleet, start, [line]))


def test_a_remote_without_atomic_push_is_refused_with_a_sentence(fleet: Fork, start: str) -> None:
    git(fleet.remote, "config", "receive.advertiseAtomic", "false")
    with fleet.publisher() as publisher:
        line = _deploy(publisher, 2, "old-1")
    assert line["status"] == "problem"
    assert "--atomic" in line["said"][0]
    assert fleet.tip("main") == start


def test_a_push_without_an_answer_is_not_repeated_and_is_said_to_be_unknown(fleet: Fork) -> None:
    """It may still be done: the server has it, and only takes its time."""
    hangs(fleet, per_cent=100, seconds=600)
    with fleet.publisher(timeout=_SECONDS) as publisher:
        push, asked = publisher.git.push, list[object]()

        def counted(*given: object) -> None:
            asked.append(given)
            push(*given)  # type: ignore[arg-type]

        publisher.git.push = counted  # type: ignore[method-assign,assignment]
        line = _deploy(publisher, 2, "hanging-1")
        well(fleet)
    assert line["status"] == "unreachable"
    assert "It is not known whether the operation was done" in line["said"][0]
    assert "Nothing was changed" not in line["said"][0]
    assert len(asked) == 1
