"""Measures publishing where `main` has thousands of operations that `live` does not have."""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Iterator

from desired.git import Commit, run_git
from desired.publish.publisher import Publisher

from .fleet import FOLLOWS, name_of
from .fork import Fork, ask

_SHARES = 100
COUNTS = (2_500, 5_000, 10_000)


def measure_unpublished(fork: Fork) -> dict[str, float]:
    """Return the seconds that `publish` takes, by the number of operations, in a clone that checked none of them."""
    with fork.publisher() as publisher:
        service = _open_rollout(fork, publisher)
        start = publisher.head()
        for share in range(1, _SHARES + 1):
            ask(publisher, verb="canary", environment=FOLLOWS, service=service, share=share)
        publisher.head()
        shares = list(publisher.git.log(start, publisher.branches.main))
        trees = [publisher.git.tree_id(each.id, "") for each in shares]
    return {str(count): _published(fork, start, list(zip(shares, trees, strict=True)), count) for count in COUNTS}


def _open_rollout(fork: Fork, publisher: Publisher) -> str:
    service = name_of(1)
    publisher.publish()
    head = publisher.branches.main
    build = {"image": fork.image(service, 1)}
    ask(publisher, verb="deploy", environment=FOLLOWS, services={service: build}, specs_at=head, canary=True)
    return service


def _published(fork: Fork, start: str, shares: list[tuple[Commit, str]], count: int) -> float:
    """Publish in a clone that knows the log up to `start`, and return the seconds."""
    stream = "".join(_stream(start, shares, count)).encode()
    run_git("fast-import", "--quiet", "--force", folder=fork.remote, given=stream).check_returncode()
    fork.git(fork.remote, "branch", "-f", "live", start)
    shutil.rmtree(fork.clone / ".git" / "desired", ignore_errors=True)
    fork.git(fork.clone, "update-ref", "refs/desired/remotes/origin/live", start)
    with fork.publisher() as publisher:
        began = time.perf_counter()
        result = publisher.publish()
        taken = time.perf_counter() - began
        assert result.status == "live"
        assert result.commit == publisher.branches.main
        assert len(list(publisher.git.log(start, result.commit))) == count
    return taken


def _stream(start: str, shares: list[tuple[Commit, str]], count: int) -> Iterator[str]:
    """Operations as the publisher made them, one for each share in turn, each with a key of its own."""
    before = start
    for number in range(1, count + 1):
        commit, tree = shares[(number - 1) % len(shares)]
        key = next(line for line in commit.message.split("\n") if line.startswith("Desired-Key: "))
        message = commit.message.replace(key, f"Desired-Key: {uuid.uuid4().hex}")
        size = len(message.encode())
        who = f"{commit.author.name} <{commit.author.email}> {commit.author.time} +0000"
        head = f"commit refs/heads/main\nmark :{number}\nauthor {who}\ncommitter {who}\ndata {size}\n{message}\n"
        yield f"{head}from {before}\nM 040000 {tree} \n\n"
        before = f":{number}"
