"""SIGKILL: whatever step an operation was at, nothing stays locked or half written, and asking again does it once."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support import audit, crowd
from tests.support.crowd import Json, Member
from tests.support.fork import Fork
from tests.support.hostile_remotes import killing_git, now_and_then, steps
from tests.support.renderers import renderers_of

_NEVER = 10**6
_WRITES = ("fetch", "hash-object", "mktree", "commit-tree", "push")


def _path(folder: Path) -> dict[str, str]:
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def _steps(fleet: Fork, folder: Path) -> list[str]:
    """What git is asked for by one process that does one operation."""
    git = killing_git(folder, _NEVER, True)
    crowd.run([Member(fleet, "clone", "counted", 1, only_deploys=True, environment=_path(git))])
    return steps(folder)


def _killed(fleet: Fork, folder: Path, at: int | str, goes_on: bool) -> tuple[bool, list[Json]]:
    """Whether a process was killed at a call of git, and what it wrote before."""
    git = killing_git(folder, at, goes_on)
    member = Member(fleet, "clone", folder.name, 1, only_deploys=True, environment=_path(git))
    (process,) = crowd.started([member])
    crowd.wait([process])
    return process.exitcode == -signal.SIGKILL, crowd.journals([member])


@pytest.mark.parametrize("goes_on", [False, True], ids=["with its git", "while its git goes on"])
def test_an_operation_that_is_killed_at_any_call_of_git_is_done_once_when_it_is_asked_for_again(
    fleet: Fork, start: str, tmp_path: Path, goes_on: bool
) -> None:
    with fleet.publisher() as publisher:
        publisher.publish()  # a clone that has seen the log asks less
    named = _steps(fleet, tmp_path / "counted")
    assert set(_WRITES) <= {step.split()[0] for step in named}
    # Where git goes on alone, only what it writes can matter.
    moments: Sequence[int | str] = _WRITES if goes_on else range(1, len(named) + 1)
    lines, killed = crowd.journals([Member(fleet, "clone", "counted", 1)]), 0
    with fleet.publisher() as again:
        for at in moments:
            dead, written = _killed(fleet, tmp_path / f"{'alone' if goes_on else 'both'}-{at}", at, goes_on)
            answers = [crowd.asked(again, intent) for intent in crowd.unanswered(written)]
            assert {each["status"] for each in answers} <= {"live", "repeated"}, (at, answers)
            killed += dead
            lines += [*written, *answers]
    # How many calls there are depends a little on what the clone knows.
    assert killed >= len(moments) - (0 if goes_on else 3)
    assert audit.wrong(fleet, start, lines) == []
    assert audit.locks(fleet.remote) == audit.locks(fleet.clone("clone")) == []


def test_processes_that_are_killed_at_any_moment_leave_nothing_behind(fleet: Fork, start: str) -> None:
    members = [Member(fleet, f"clone{number % 2}", f"mortal{number}", 30) for number in range(4)]
    processes = crowd.started(members)
    chance = random.Random(1)
    for process, member in zip(processes, members, strict=True):
        # At some moment of its work: not before its journal says that it has begun.
        while process.is_alive() and len(crowd.journals([member])) < 6:
            process.join(0.02)
        process.join(chance.uniform(0, 0.3))
        process.kill()
    crowd.wait(processes)
    lines = crowd.journals(members)
    with fleet.publisher("clone0") as again:
        lines += [crowd.asked(again, intent) for intent in crowd.unanswered(lines)]
    lines += crowd.run([Member(fleet, f"clone{number}", f"next{number}", 3) for number in range(2)])
    assert [process.exitcode for process in processes].count(-signal.SIGKILL) == len(processes)
    assert audit.wrong(fleet, start, lines) == []


def test_a_crowd_does_not_notice_that_its_renderers_are_killed(fleet: Fork, start: str) -> None:
    members = [Member(fleet, f"clone{number}", f"patient{number}", 6) for number in range(4)]
    chance, seen = random.Random(2), [0] * len(members)
    processes = crowd.started(members)

    def kill() -> bool:
        answers = [sum(line["status"] != "asked" for line in crowd.journals([member])) for member in members]
        found = [each for process in processes for each in renderers_of(process.pid or 0)]
        # No question may meet two kills: it is asked twice, and then something is wrong.
        if not found or any(now == then and now < 6 for now, then in zip(answers, seen, strict=True)):
            return False
        seen[:] = answers
        os.kill(chance.choice(found), signal.SIGKILL)
        return True

    with now_and_then(kill, 0.05) as killed:
        crowd.wait(processes)
    lines = crowd.journals(members)
    assert killed.count(True) >= 2, "hardly a renderer was killed"
    assert [line for line in lines if line["status"] == "problem"] == []
    assert audit.wrong(fleet, start, lines) == []
