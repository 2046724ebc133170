"""Locks of Git in a clone: one that is held is waited for, then refused by name, and never deleted.

And what else a dead process can leave: damaged indexes, half objects. The next operation goes on.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from desired.git import Clone, Locked
from desired.publish.branches import Branches
from desired.publish.publisher import Publisher
from tests.support import audit, crowd
from tests.support.crowd import Json
from tests.support.fork import Fork, git, image
from tests.support.renderers import shared_pool
from tests.support.slow_git import messages, prepared, slow_commit

_IN_NOBODYS_WAY = ("index.lock", "config.lock", "shallow.lock")
"""Locks of what no operation writes."""
_REMEDY = "If no Git process is running in this repository, one crashed earlier: remove the file"
_LONG_SECONDS = 300.0


def deploy(publisher: Publisher, key: str, number: int = 2) -> Json:
    """A version into the stable slot of one service in staging."""
    main = publisher.head()
    builds = {"basket": {"image": image("basket", number), "ref": "main"}}
    operation = {"verb": "deploy", "environment": "staging", "services": builds, "specs_at": main}
    return crowd.asked(publisher, crowd.intent(operation, main, key))


def publisher_of(clone: Path, remote: str = "", patience: float = 0.3) -> Publisher:
    """A publisher that waits for a lock for so many seconds."""
    return Publisher(Branches(Clone(clone, patience=patience), remote), shared_pool())


@pytest.fixture
def alone(fleet: Fork) -> Path:
    """A repository without a remote: its own branches count."""
    clone = fleet.clone("alone")
    git(clone, "branch", "-q", "live", "origin/live")
    return clone


@pytest.fixture
def embedded(alone: Path) -> Iterator[Publisher]:
    """A publisher of that."""
    with publisher_of(alone) as publisher:
        yield publisher


@contextlib.contextmanager
def _beside(clone: Path) -> Iterator[list[Json]]:
    """An operation beside what the block does, begun before it and done after it. Its answer is in the list."""
    lines: list[Json] = []

    def work() -> None:
        with publisher_of(clone, patience=_LONG_SECONDS) as publisher:
            lines.append(deploy(publisher, "after-1"))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(1.5)  # time to meet the lock; on a slow machine it meets it later or never
    yield lines
    thread.join(_LONG_SECONDS)
    assert not thread.is_alive()


# What a living process holds


def test_a_commit_that_is_prepared_keeps_its_lock_and_succeeds(alone: Path, tmp_path: Path) -> None:
    """A person's `git commit` has closed its lock file and holds the lock: taking it away would break the commit."""
    own = Clone(alone, patience=0.0)
    main = git(alone, "rev-parse", "main")
    other = git(alone, "commit-tree", "main^{tree}", "-p", "main", "-m", "Another one")
    with slow_commit(alone, tmp_path / "slow") as commit:
        with pytest.raises(Locked) as refused:
            own.move({"refs/heads/main": (other, main)})
        assert commit.finish() == (0, "")
    assert alone / ".git/refs/heads/main.lock" in refused.value.locks
    assert messages(alone)[0] == "By hand"


def test_a_prepared_transaction_keeps_its_lock(alone: Path) -> None:
    live = git(alone, "rev-parse", "live")
    other = git(alone, "commit-tree", "live^{tree}", "-p", "live", "-m", "Another one")
    with prepared(alone, "live", live):
        with pytest.raises(Locked, match=f"another Git process holds {alone}/.git/refs/heads/live.lock. Wait until"):
            Clone(alone, patience=0.0).move({"refs/heads/live": (other, live)})
        assert (alone / ".git/refs/heads/live.lock").exists()


def test_a_lock_that_is_released_in_time_only_delays_the_operation(alone: Path) -> None:
    with prepared(alone, "main", git(alone, "rev-parse", "main")) as transaction, _beside(alone) as lines:
        assert lines == []
        transaction.communicate("abort\n")
    assert [line["status"] for line in lines] == ["live"]


def test_an_operation_beside_a_slow_commit_is_decided_again_on_top_of_it(alone: Path, tmp_path: Path) -> None:
    with slow_commit(alone, tmp_path / "slow") as commit, _beside(alone) as lines:
        assert lines == []
        assert commit.finish() == (0, "")
    assert [line["status"] for line in lines] == ["live"]
    assert messages(alone)[:2] == ["basket 000000000002: deploy in staging", "By hand"]


# What a dead process left


@pytest.mark.parametrize("lock", _IN_NOBODYS_WAY)
@pytest.mark.parametrize("remote", ["origin", ""])
def test_a_lock_of_something_else_holds_up_no_operation(alone: Path, lock: str, remote: str) -> None:
    (alone / ".git" / lock).touch()
    with publisher_of(alone, remote) as publisher:
        line = deploy(publisher, "after-1")
    assert line["status"] == "live", line["said"]


@pytest.mark.parametrize("lock", ["refs/remotes/origin/main.lock", "refs/remotes/origin/live.lock"])
def test_a_dead_lock_of_a_fetched_branch_is_refused_by_name_and_stays(fleet: Fork, start: str, lock: str) -> None:
    """Nothing shows whether a lock is dead. The person who knows removes the file, and runs the command again."""
    clone = fleet.clone("clone")
    place = clone / ".git" / lock
    with fleet.publisher("other") as other:
        publisher = publisher_of(clone, "origin")
        main = publisher.head()
        # The branches have moved, so that the clone has to move its own copies of them.
        lines = [deploy(other, "before-1")]
    place.touch()
    with publisher, pytest.raises(Locked) as refused:
        publisher.head()
    assert str(refused.value).startswith(f"Cannot fetch from the remote origin: another Git process holds {place}. ")
    assert _REMEDY in str(refused.value)
    assert place.exists()
    assert fleet.tip("main") != main
    place.unlink()
    with publisher_of(clone, "origin") as again:
        lines.append(deploy(again, "after-1", 3))
    assert [line["status"] for line in lines] == ["live", "live"]
    assert audit.wrong(fleet, start, lines) == []


@pytest.mark.parametrize("lock", ["refs/heads/main.lock", "refs/heads/live.lock", "HEAD.lock"])
def test_a_dead_lock_of_a_branch_is_refused_by_name_and_stays(alone: Path, embedded: Publisher, lock: str) -> None:
    place = alone / ".git" / lock
    place.touch()
    line = deploy(embedded, "after-1")
    assert line["status"] == "problem"
    assert f"another Git process holds {place}. Wait until it ends. {_REMEDY}" in line["said"][0]
    assert place.exists()
    place.unlink()
    line = deploy(embedded, "after-1")
    assert line["status"] == "live"
    assert embedded.branches.main == embedded.branches.live == line["commit"]


def test_a_dead_lock_of_the_packed_refs_is_in_the_way_only_where_a_branch_is_deleted(alone: Path) -> None:
    place = alone / ".git/packed-refs.lock"
    place.touch()
    with publisher_of(alone) as publisher:
        assert deploy(publisher, "after-1")["status"] == "live"
        with pytest.raises(Locked, match=f"Cannot delete refs/heads/live: another Git process holds {place}"):
            publisher.git.forget("refs/heads/live")
        place.unlink()
        publisher.git.forget("refs/heads/live")
        assert publisher.branches.live is None


def test_a_branch_that_moved_is_no_lock(alone: Path) -> None:
    own = Clone(alone, patience=0.0)
    new = git(alone, "rev-parse", "main")
    assert own.move({"refs/heads/main": (new, "1" * 40)}) is False
    assert own.move({"refs/heads/main": (new, None)}) is False
    assert own.move({"refs/heads/fresh": (new, None)}) is True


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
        lines += [deploy(publisher, "before-1"), deploy(publisher, "after-1", 4)]
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
