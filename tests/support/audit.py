"""Whether a remote holds what its users were told: every operation once, each step legal, nothing half done."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from desired.core.errors import Problem
from desired.git import Commit
from desired.history import commit_message as log
from desired.history import release_files as files
from desired.publish.publisher import Publisher
from desired.publish.verify import verify
from tests.support.fork import Fork, git

Json = dict[str, Any]
DONE, NOT_DONE = ("live", "repeated"), ("refused", "conflict", "unchanged")


def wrong(fork: Fork, start: str, lines: Sequence[Json], by_hand: Sequence[str] = ()) -> list[str]:
    """Everything that is wrong, as sentences. `by_hand` are first lines of commits that people have pushed."""
    with fork.publisher("auditor") as publisher:
        if by_hand:
            publisher.publish()
        main = publisher.head()
        steps = list(publisher.git.log(start, main))
        return [
            *_refs(fork, main),
            *_line(fork, start, main, steps),
            *_answers(steps, lines),
            *(each for step in steps for each in _legal(publisher, step, by_hand)),
            *_manifests(publisher, main),
            *verify(publisher).problems,
            *_whole(fork),
        ]


def _key(message: str) -> str:
    found = log.recorded(message)
    return found.intent.key if found else ""


def _refs(fork: Fork, main: str) -> Iterator[str]:
    live = fork.tip("live")
    if live != main:
        yield f"live is at {live[:12]}, main at {main[:12]}"


def _line(fork: Fork, start: str, main: str, steps: Sequence[Commit]) -> Iterator[str]:
    """One line of commits from the start."""
    listed = git(fork.remote, "rev-list", "--parents", f"{start}..{main}").splitlines()
    yield from (
        f"{line.split()[0][:12]} has {len(line.split()) - 1} parents" for line in listed if len(line.split()) != 2
    )
    before = start
    for step in steps:
        if step.parent != before:
            yield f"{step.id[:12]} does not follow {before[:12]}"
        before = step.id
    if len(listed) != len(steps) or before != main:
        yield f"the line of {len(steps)} commits does not lead from {start[:12]} to {main[:12]}"


def _answers(steps: Sequence[Commit], lines: Sequence[Json]) -> Iterator[str]:
    """What was accepted is there once, what was refused is not there."""
    keys = [(key, step.id) for step in steps if (key := _key(step.message))]
    where = dict(keys)
    yield from (f"{key} was done {count} times" for key, count in Counter(key for key, _ in keys).items() if count > 1)
    asked = {line["key"] for line in lines}
    yield from (f"{key} was done, and nobody asked for it" for key in where if key not in asked)
    done = {line["key"] for line in lines if line["status"] in DONE}
    for line in lines:
        key, status = line["key"], line["status"]
        if status in DONE and where.get(key) != line["commit"]:
            yield f"{key} was answered {status} with {line['commit'][:12]}, and is {where.get(key, 'nowhere')[:12]}"
        if status in NOT_DONE and key in where and key not in done:
            yield f"{key} was answered {status}, and is {where[key][:12]}"
        if status == "crashed":
            yield f"{key} ended with a traceback: {line['said'][0]}"


def _legal(publisher: Publisher, step: Commit, by_hand: Sequence[str]) -> Iterator[str]:
    """The operation of the commit, applied to its parent, is the commit."""
    id_, parent, message = step.id, step.parent, step.message
    paths = publisher.git.changed_paths(parent, id_, f"{files.ROOT}/")
    kind = log.trailers(message).get(log.OPERATION_TRAILER, "")
    revision = log.trailers(message).get(log.REVISION, "")
    if revision and revision != publisher.git.tree_id(id_, files.ROOT):
        yield f"{id_[:12]} says another revision than it has"
    if kind in (log.START, log.PUBLISH, log.REPAIR, log.MANIFESTS) or not paths:
        return
    found = log.recorded(message)
    if found is None:
        if message.partition("\n")[0] not in by_hand:
            yield f"{id_[:12]} changes {paths[0]} by no operation"
        return
    baseline, when = publisher.reconciler.at(parent), datetime.fromtimestamp(step.author.time, UTC)
    try:
        before, outcome = publisher.reconciler.decide(found.intent, baseline, found.observed, when)
    except Problem as problem:
        yield f"{id_[:12]} is not legal: {problem}"
        return
    yield from _looked(publisher, id_, parent, found.intent.expected, paths)
    changed = files.file_changes(before, outcome.state)
    if sorted(changed) != sorted(paths) or any(publisher.git.file(id_, path) != text for path, text in changed.items()):
        yield f"{id_[:12]} is not what {found.intent.operation.verb} makes of {parent[:12]}: {', '.join(paths)}"


def _looked(publisher: Publisher, id_: str, parent: str, expected: str, paths: Sequence[str]) -> Iterator[str]:
    """What it changes was, when it was done, as its author had seen it."""
    for path in paths:
        if publisher.git.tree_id(expected, path) != publisher.git.tree_id(parent, path):
            yield f"{id_[:12]} changes {path}, which had changed since its author looked at {expected[:12]}"


def _manifests(publisher: Publisher, main: str) -> Iterator[str]:
    for path, text in publisher.reconciler.whole(main).items():
        if publisher.git.file(main, path) != text:
            yield f"{path} is not what the code makes"


def _whole(fork: Fork) -> Iterator[str]:
    """No repository is damaged, and no work tree was touched."""
    for folder in (fork.remote, *(each.parent for each in fork.folder.glob("*/.git"))):
        done = subprocess.run(["git", "fsck", "--no-dangling"], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            yield f"{folder.name}: {(done.stderr + done.stdout).strip()[:300]}"
        if folder != fork.remote and (dirty := git(folder, "status", "--porcelain")):
            yield f"the work tree of {folder.name} was touched: {dirty[:300]}"


def locks(folder: Path) -> list[str]:
    """Locks of Git that lie in a repository, but for this program's own, which the kernel frees."""
    found = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.lock"))
    return [path for path in found if path.rpartition("/")[2] != "desired.lock"]
