"""A disk without room: what is asked for ends with a sentence, and nothing is half there when there is room again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support import audit, crowd
from tests.support.crowd import Member
from tests.support.fork import Fork
from tests.support.hostile_remotes import patient_git


@pytest.mark.parametrize("room", [0, 600, 4096, 40_000], ids=lambda room: f"{room} bytes")
def test_a_full_disk_leaves_nothing_behind(fleet: Fork, start: str, tmp_path: Path, room: int) -> None:
    path = {"PATH": f"{patient_git(tmp_path / 'bin')}{os.pathsep}{os.environ['PATH']}"}
    full = Member(fleet, "clone", f"full{room}", 2, only_deploys=True, tries=1, environment=path, room=room)
    lines = crowd.run([full])
    assert {line["status"] for line in lines} <= {"asked", "problem", "unreachable", "live"}, lines
    if room == 0:
        assert "live" not in {line["status"] for line in lines}
    lines += crowd.run([Member(fleet, "clone", "roomy", 2, only_deploys=True)])
    with fleet.publisher() as publisher:
        lines += [crowd.asked(publisher, intent) for intent in crowd.unanswered(lines)]
    assert {line["status"] for line in lines[-3:]} <= {"asked", "live", "repeated"}
    assert audit.wrong(fleet, start, lines) == []
