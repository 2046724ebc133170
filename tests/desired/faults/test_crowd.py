"""Many at once: what was accepted is there once, in one line of legal commits, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from desired.publish.branches import Branches
from desired.publish.publisher import Publisher
from desired.publish.result import OperationResult
from tests.support import audit, crowd
from tests.support.crowd import Json, Member
from tests.support.developer import BusyDeveloper
from tests.support.fork import Fork, image
from tests.support.hostile_remotes import now_and_then


def _members(fleet: Fork, count: int, operations: int, clones: int) -> list[Member]:
    return [Member(fleet, f"clone{number % clones}", f"one{number}", operations) for number in range(count)]


def test_eight_processes_with_clones_of_their_own_lose_nothing_and_do_nothing_twice(fleet: Fork, start: str) -> None:
    lines = crowd.run(_members(fleet, 8, 12, 8))
    statuses = {line["status"] for line in lines}
    assert (
        {"live", "refused", "conflict"} <= statuses <= {"asked", "live", "refused", "conflict", "repeated", "unchanged"}
    )
    assert audit.wrong(fleet, start, lines) == []


def test_four_processes_that_share_two_clones_lose_nothing(fleet: Fork, start: str) -> None:
    lines = crowd.run(_members(fleet, 4, 6, 2))
    assert audit.wrong(fleet, start, lines) == []
    assert [audit.locks(fleet.clone(f"clone{number}")) for number in range(2)] == [[], []]


def test_developers_who_push_in_between_stop_nobody_and_what_they_do_to_releases_is_put_back(
    fleet: Fork, start: str
) -> None:
    developer, members = BusyDeveloper(fleet), _members(fleet, 4, 6, 4)

    def push() -> bool:
        answers = sum(line["status"] != "asked" for line in crowd.journals(members))
        # Not all the time: whoever pushes faster than an operation takes holds it up.
        return answers >= 3 * developer.count and developer.push()

    with now_and_then(push, 0.05):
        lines = crowd.run(members)
    developer.each()
    assert {"docs", "code", "releases"} <= developer.done
    assert audit.wrong(fleet, start, lines, by_hand=developer.titles) == []
    assert "by-hand" not in fleet_texts(fleet)


def fleet_texts(fleet: Fork) -> str:
    """All files of `releases/` on `main`, as one text."""
    with fleet.publisher("reader") as publisher:
        main = publisher.head()
        return "".join(publisher.git.file(main, path) or "" for path in publisher.git.files(main, "releases"))


# Each protection is taken out, and the audit says so.


def deploy(publisher: Publisher, service: str, number: int, key: str, expected: str | None = None) -> Json:
    """A version into the stable slot in staging."""
    main = publisher.head()
    builds = {service: {"image": image(service, number), "ref": "main"}}
    operation = {"verb": "deploy", "environment": "staging", "services": builds, "specs_at": main}
    return crowd.asked(publisher, crowd.intent(operation, expected or main, key))


def _with_somebody_faster(fleet: Fork, service: str) -> list[Json]:
    """What two were told, of whom the second was done while the first was about to move the branches."""
    told: list[Json] = []
    with fleet.publisher("slow") as slow, fleet.publisher("fast") as fast:
        move = slow.branches.advance

        def advance(old: tuple[str, str | None], new: str) -> bool:
            if not told:
                told.append(deploy(fast, service, 2, "fast-1"))
            return move(old, new)

        slow.branches.advance = advance  # type: ignore[method-assign]
        told.append(deploy(slow, "basket", 3, "slow-1"))
    return told


def test_who_comes_second_with_something_else_is_done_after_the_first(fleet: Fork, start: str) -> None:
    lines = _with_somebody_faster(fleet, "catalog")
    assert [line["status"] for line in lines] == ["live", "live"]
    assert audit.wrong(fleet, start, lines) == []


def test_who_comes_second_with_the_same_is_told_who_was_first(fleet: Fork, start: str) -> None:
    lines = _with_somebody_faster(fleet, "basket")
    assert [line["status"] for line in lines] == ["live", "conflict"]
    assert "fast" in lines[1]["said"][0]
    assert audit.wrong(fleet, start, lines) == []


def _forced(self: Branches, old: tuple[str, str | None], new: str) -> bool:
    self.git.run("push", "-q", "--force", self.remote, f"{new}:refs/heads/main", f"{new}:refs/heads/live")
    return True


def test_without_compare_and_swap_an_operation_is_lost(
    fleet: Fork, start: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Branches, "advance", _forced)
    lines = _with_somebody_faster(fleet, "catalog")
    assert any("fast-1 was answered live" in each and "nowhere" in each for each in audit.wrong(fleet, start, lines))


def test_without_the_look_at_the_expected_revision_the_first_ones_work_is_overwritten(
    fleet: Fork, start: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desired.publish.publisher.require_unchanged", lambda *_: None)
    lines = _with_somebody_faster(fleet, "basket")
    assert any("had changed since its author looked" in each for each in audit.wrong(fleet, start, lines))


def test_without_the_look_at_the_key_an_operation_is_done_twice(
    fleet: Fork, start: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def twice(number: int) -> list[Json]:
        with fleet.publisher() as publisher:
            return [deploy(publisher, "basket", each, "twice-1") for each in (number, number + 1)]

    lines = twice(2)
    assert [line["status"] for line in lines] == ["live", "conflict"]
    assert audit.wrong(fleet, start, lines) == []
    nothing: Callable[..., OperationResult | None] = lambda *_: None  # noqa: E731
    monkeypatch.setattr(Publisher, "_done_before", nothing)
    assert "twice-1 was done 3 times" in audit.wrong(fleet, start, [*lines, *twice(4)])


def test_without_the_lock_two_processes_are_in_one_clone_at_once(fleet: Fork, tmp_path: Path) -> None:
    with fleet.publisher("shared") as holder:
        member = Member(fleet, "shared", "waiting", 1, only_deploys=True)
        with holder.git.alone():
            (process,) = crowd.started([member])
            while not crowd.journals([member]):
                process.join(0.05)
            process.join(1.0)
            assert [line["status"] for line in crowd.journals([member])] == ["asked"]
        crowd.wait([process])
    assert [line["status"] for line in crowd.journals([member])] == ["asked", "live"]
