"""What a person changes by hand in what is made, and commits whose messages lie about it."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from desired.core.operations import RULES
from tests.support.accident_people import BRANCHES, SERVICES, Action, commit_all, document_of, write
from tests.support.accident_world import PERSON, World

BY_HAND = "by-hand"
"""A word in every manual edit of what is made. It must not be left anywhere."""


def _image(file: Path) -> bytes:
    return re.sub(rb"@sha256:[0-9a-f]{20}", b"@sha256:" + b"d" * 20, file.read_bytes()) + f"# {BY_HAND}\n".encode()


def _odd(file: Path) -> bytes:
    return file.read_bytes() + f"# {BY_HAND} ".encode() + b"\xff\xfe\n"


def _gone(file: Path) -> None:
    file.unlink()


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()
    (file / "inside").write_text(f"{BY_HAND}\n")


def _folder_in_place_of_all(file: Path) -> None:
    shutil.rmtree(file.parent)
    file.parent.write_text(f"{BY_HAND}\n")


def _link(file: Path) -> None:
    file.unlink()
    os.symlink(BY_HAND, file)


def _program(file: Path) -> None:
    file.chmod(0o755)


_EDITS: tuple[Callable[[Path], bytes | None], ...] = (
    *(_image, _image, _image, _odd, _gone, _gone, _folder, _folder_in_place_of_all, _link, _program),
)


def edit(world: World, chance: random.Random) -> str:
    """One or two files, on main, live or both."""
    world.fresh(chance.choice(("origin/main", "origin/live")))
    root = world.fork.folder / PERSON
    done = []
    for _ in range(chance.choice((1, 2))):
        folder = chance.choice(("releases/staging", "releases/preprod", "manifests/staging-apps/apps"))
        files = sorted(each for each in (root / folder).rglob("*.yaml") if re.search("search|ledger", str(each)))
        change = chance.choice(_EDITS)
        if files and (file := chance.choice(files)).is_file():
            content = change(file)
            if content is not None:
                write(world, str(file.relative_to(root)), content)
            done.append(f"{file.relative_to(root)} ({change.__name__.strip('_')})")
    commit_all(world, "An edit")
    branches = chance.choice(BRANCHES)
    force = branches != ("main",) and chance.random() < 0.3
    return f"edits {', '.join(done) or 'nothing'}: {world.push(*branches, force=force)}"


# Messages that lie


def copied_message(world: World, chance: random.Random) -> str:
    """A commit with the message of an entry, which is one of an operation or that of the first publishing."""
    world.fresh()
    commits = (world.git("log", "--first-parent", "-n8", "--grep=^Desired-Operation", "--format=%H") or "").split()
    commit = chance.choice(commits or ["HEAD"])
    document_of(world, chance)
    file = world.fork.folder / PERSON / "releases" / "staging" / "search.yaml"
    if chance.random() < 0.5 and file.is_file():
        write(world, "releases/staging/search.yaml", _image(file))
    world.git("add", "--sparse", "-A")
    world.git("commit", "-q", "--amend", "-C", commit)
    return f"a commit with the message of {commit[:8]}: {world.push(*chance.choice(BRANCHES))}"


def forged(world: World, chance: random.Random) -> str:
    """An operation that nobody asked for: it may be legal, and then it counts like any other."""
    world.fresh()
    key, service = f"forged-{len(world.said)}", chance.choice(SERVICES)
    operation = {"verb": "canary", "environment": "staging", "service": service, "share": 77}
    file = world.fork.folder / PERSON / "releases" / "staging" / "rollouts" / f"{service}.yaml"
    if file.is_file():
        write(
            world, str(file.relative_to(world.fork.folder / PERSON)), re.sub("share: .*", "share: 77", file.read_text())
        )
    trailers = {
        "Operation": "canary",
        "Parameters": json.dumps({name: value for name, value in operation.items() if name != "verb"}),
        "Actor": "Eve <eve@example.com>",
        "Expected": world.git("rev-parse", "HEAD"),
        "Key": key,
        "Rules": str(RULES),
        **chance.choice(({}, {"Code": '{"staging-apps": "x"}'}, {"Manifests": "x"}, {"Parameters": "{"})),
    }
    lines = "".join(f"Desired-{name}: {value}\n" for name, value in trailers.items())
    commit_all(world, f"{service}: 77 % in staging\n\n{lines}")
    world.asked[key] = operation
    world.unknown.add(key)
    return f"a forged canary of {service}, key {key}: {world.push(*chance.choice(BRANCHES))}"


ACTIONS: dict[str, tuple[Action, int]] = {
    each.__name__: (each, weight) for each, weight in ((edit, 5), (copied_message, 2), (forged, 2))
}
"""By name, with how often."""
