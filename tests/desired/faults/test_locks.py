"""What a dead process can leave in a clone: locks, damaged indexes, half objects. The next operation goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from desired.git import Git
from desired.publish.branches import Branches
from desired.publish.publisher import Publisher
from tests.support import audit, crowd
from tests.support.crowd import Json
from tests.support.fork import Fork, git, image
from tests.support.renderers import shared_pool

_LOCKS = (
    "index.lock",
    "HEAD.lock",
    "config.lock",
    "packed-refs.lock",
    "shallow.lock",
    "refs/heads/main.lock",
    "refs/heads/live.lock",
    "refs/remotes/origin/main.lock",
    "refs/remotes/origin/live.lock",
)


def deploy(publisher: Publisher, key: str, number: int = 2) -> Json:
    """A version into the stable slot of one service in staging."""
    main = publisher.head()
    builds = {"basket": {"image": image("basket", number), "ref": "main"}}
    operation = {"verb": "deploy", "environment": "staging", "services": builds, "specs_at": main}
    return crowd.asked(publisher, crowd.intent(operation, main, key))


@pytest.fixture
def embedded(fleet: Fork) -> Iterator[Publisher]:
    """A publisher of a repository without a remote: its own branches count."""
    git(fleet.clone("alone"), "branch", "-q", "live", "origin/live")
    with Publisher(Branches(Git(fleet.clone("alone"))), shared_pool()) as publisher:
        yield publisher


@pytest.mark.parametrize("lock", _LOCKS)
def test_a_lock_of_a_dead_process_holds_up_no_operation(fleet: Fork, start: str, lock: str) -> None:
    (fleet.clone("clone") / ".git" / lock).touch()
    with fleet.publisher("other") as other, fleet.publisher() as publisher:
        # The branches have moved, so that the clone has to move its own copies of them.
        lines = [deploy(other, "before-1"), deploy(publisher, "after-1", 3)]
    assert [line["status"] for line in lines] == ["live", "live"], lines
    (fleet.clone("clone") / ".git" / lock).unlink(missing_ok=True)
    assert audit.wrong(fleet, start, lines) == []


@pytest.mark.parametrize("lock", _LOCKS)
def test_nor_in_a_repository_without_a_remote(embedded: Publisher, lock: str) -> None:
    (embedded.git.common / lock).touch()
    line = deploy(embedded, "after-1")
    assert line["status"] == "live", line["said"]
    assert embedded.branches.main == embedded.branches.live == line["commit"]


def test_a_lock_that_somebody_holds_is_not_taken_away(embedded: Publisher) -> None:
    lock = embedded.git.common / "refs/heads/main.lock"
    with open(lock, "w"):
        assert not embedded.branches.advance((embedded.branches.main, embedded.branches.live), embedded.head())
        assert lock.exists()


def test_without_the_look_for_dead_locks_an_operation_is_held_up(
    embedded: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Git, "_break_stale_locks", lambda *_: False)
    monkeypatch.setattr("desired.publisher._TRIES", 2)
    (embedded.git.common / "refs/heads/main.lock").touch()
    assert deploy(embedded, "after-1")["status"] != "live"


@pytest.mark.parametrize(
    "text", [b"", b"no database", b"SQLite format 3\x00" + b"\xff" * 4000], ids=["empty", "text", "half"]
)
def test_an_index_that_is_damaged_is_made_anew(fleet: Fork, start: str, text: bytes) -> None:
    with fleet.publisher() as publisher:
        lines = [deploy(publisher, "before-1")]
    index = fleet.clone("clone") / ".git" / "desired" / "index.db"
    for file in index.parent.glob("index.db*"):
        file.unlink()
    index.write_bytes(text)
    with fleet.publisher() as publisher:
        lines += [deploy(publisher, "before-1", 3), deploy(publisher, "after-1", 4)]
    assert [line["status"] for line in lines] == ["live", "repeated", "live"]
    assert audit.wrong(fleet, start, lines) == []


def test_an_object_that_is_half_written_is_no_hindrance(fleet: Fork, start: str) -> None:
    objects = fleet.clone("clone") / ".git" / "objects"
    (objects / "tmp_obj_dead").write_bytes(b"x\x9c\x01")
    Path(objects / "pack" / "tmp_pack_dead").write_bytes(b"PACK")
    with fleet.publisher() as publisher:
        line = deploy(publisher, "after-1")
    assert line["status"] == "live"
    assert audit.wrong(fleet, start, [line]) == []
