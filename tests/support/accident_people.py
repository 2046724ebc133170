"""What a person does to Git: each action takes a world and chance, and says what it did."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.support.accident_world import PERSON, World
from tests.support.fork import git

Action = Callable[[World, random.Random], str]
BY_HAND = "by-hand"
"""A word in every manual edit of what is made. It must not be left anywhere."""
SERVICES = ("search", "ledger")
"""Those that operations and manual edits meet on."""
_BRANCHES = (("main",), ("main",), ("live",), ("main", "live"))
_CODE = {
    "legal": '    env={"LINE": "1"},\n)\n',
    "broken": "    no_such_field=1,\n)\n",
    "as before": ")\n",
}


def _write(world: World, path: str, content: str | bytes) -> None:
    file = world.fork.folder / PERSON / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)


def _commit(world: World, title: str, *words: str) -> None:
    world.git("add", "--sparse", "-A")
    world.git("commit", "-q", "--allow-empty", "-m", title, *words)


def _document(world: World, chance: random.Random) -> None:
    name = f"{chance.randrange(10**9)}"
    _write(world, f"docs/{name}.md", f"Document {name}.\n")
    _commit(world, f"Document {name}")


def document(world: World, chance: random.Random) -> str:
    world.fresh()
    _document(world, chance)
    folder = chance.choice(("", "docs", "apps"))
    return f"a document from {folder or 'the root'}: {world.push('main', folder=folder)}"


def from_a_linked_work_tree(world: World, chance: random.Random) -> str:
    world.fresh()
    if world.git("worktree", "add", "-q", "--detach", "../tree", "origin/main") is None:
        return "no second work tree"
    tree = world.fork.folder / "tree"
    (tree / "docs").mkdir(exist_ok=True)
    (tree / "docs" / f"{chance.randrange(10**9)}.md").write_text("From a tree.\n")
    git(tree, "add", "-A")
    git(tree, "commit", "-q", "-m", "A document from a work tree")
    world.git("checkout", "-q", "--detach", git(tree, "rev-parse", "HEAD"))
    world.git("worktree", "remove", "--force", "../tree")
    return f"a document from a linked work tree: {world.push('main')}"


def merge(world: World, chance: random.Random) -> str:
    """Both ways round: main into a branch, which is pushed as main, or the branch into main."""
    world.fresh()
    world.fresh(world.back(chance))
    _document(world, chance)
    other = "origin/main"
    if into_main := chance.random() < 0.5:
        other = world.git("rev-parse", "HEAD") or ""
        world.git("checkout", "-q", "-f", "--detach", "origin/main")
    merged = world.git("merge", "-q", "--no-ff", "--no-edit", other) is not None
    if not merged:
        world.git("merge", "--abort")
    return f"a merge {'into main' if into_main else 'of main'}: {world.push('main') if merged else 'conflict'}"


def octopus(world: World, chance: random.Random) -> str:
    world.fresh()
    tips = []
    for _ in range(2):
        world.git("checkout", "-q", "-f", "--detach", world.back(chance))
        _document(world, chance)
        tips.append(world.git("rev-parse", "HEAD") or "")
    if chance.random() < 0.5:
        world.git("checkout", "-q", "-f", "--detach", "origin/main")
    else:
        tips.append("origin/main")
    merged = world.git("merge", "-q", "--no-edit", *tips) is not None
    if not merged:
        world.git("reset", "-q", "--hard")
    return f"an octopus: {world.push('main') if merged else 'conflict'}"


def rebase(world: World, chance: random.Random) -> str:
    """A document before the last commits of a branch, which are made anew; pushed to main, or to both branches."""
    world.fresh()
    old = world.back(chance)
    world.git("checkout", "-q", "-f", "--detach", old)
    _document(world, chance)
    base = world.git("rev-parse", "HEAD") or ""
    world.git("checkout", "-q", "-f", "--detach", "origin/main")
    if world.git("rebase", "-q", "--no-autosquash", "--onto", base, old) is None:
        world.git("rebase", "--abort")
        return "a rebase: conflict"
    return f"a rebase over what came since {old[:8]}: {world.push(*chance.choice(_BRANCHES), force=True)}"


def squash(world: World, chance: random.Random) -> str:
    world.fresh()
    old = world.back(chance)
    world.git("reset", "-q", "--soft", old)
    _commit(world, "Squashed")
    return f"a squash down to {old[:8]}: {world.push(*chance.choice(_BRANCHES), force=True)}"


def revert(world: World, chance: random.Random) -> str:
    world.fresh()
    commit = chance.choice((world.git("rev-list", "--first-parent", "-n4", "HEAD") or "").split())
    words = ("-m", "1") if len((world.git("rev-list", "--parents", "-n1", commit) or "").split()) > 2 else ()
    if world.git("revert", "--no-edit", *words, commit) is None:
        world.git("revert", "--abort")
        return f"a revert of {commit[:8]}: conflict"
    return f"a revert of {commit[:8]}: {world.push(*chance.choice(_BRANCHES[:3]))}"


def cherry_pick(world: World, chance: random.Random) -> str:
    world.fresh()
    commit = chance.choice((world.git("rev-list", "--no-merges", "-n6", "HEAD") or "").split())
    if world.git("cherry-pick", "--allow-empty", "--keep-redundant-commits", "-X", "theirs", commit) is None:
        world.git("cherry-pick", "--abort")
        return f"a cherry-pick of {commit[:8]}: conflict"
    return f"a cherry-pick of {commit[:8]}: {world.push(*chance.choice(_BRANCHES[:3]))}"


def amend(world: World, chance: random.Random) -> str:
    world.fresh(chance.choice(("origin/main", "origin/live")))
    words = chance.choice((("--author", "Eve <eve@example.com>"), ("--date", "2020-01-01T00:00:00Z"), ("-m", "Mine")))
    world.git("commit", "-q", "--amend", "--allow-empty", "--no-edit" if words[0] != "-m" else "-q", *words)
    return f"the newest commit amended with {words[0]}: {world.push(*chance.choice(_BRANCHES), force=True)}"


def set_back(world: World, chance: random.Random) -> str:
    """One branch or both to an older commit; sometimes with the newer ones made anew, but for one of them."""
    world.fresh()
    old = world.back(chance)
    world.git("checkout", "-q", "-f", "--detach", old)
    newer = (world.git("rev-list", "--first-parent", "--reverse", f"{old}..origin/main") or "").split()[1:]
    picked = bool(newer) and chance.random() < 0.4 and world.git("cherry-pick", "--allow-empty", *newer) is not None
    if newer and not picked:
        world.git("cherry-pick", "--abort")
    pushed = world.push(*chance.choice(_BRANCHES), force=True)
    return f"back to {old[:8]}{', and what came later but for one' if picked else ''}: {pushed}"


def delete_live(world: World, chance: random.Random) -> str:
    world.forced = world.touched = True
    git(world.fork.remote, "update-ref", "-d", "refs/heads/live")
    return "live is deleted"


def delete_main(world: World, chance: random.Random) -> str:
    """An operation says that the branch is missing; the person brings it back from what they fetched."""
    world.fresh()
    git(world.fork.remote, "update-ref", "-d", "refs/heads/main")
    name = chance.choice(world.names)
    said = world.publish(name)
    assert "has no branch main" in said, said
    return f"main is deleted, {name} could not publish, and it is there again: {world.push('main')}"


def tag(world: World, chance: random.Random) -> str:
    world.fresh(world.back(chance))
    name = chance.choice(("v1", "v1", "main", "live"))
    world.git("tag", "-f", name)
    pushed = world.git("push", "-q", "-f", "origin", f"refs/tags/{name}") is not None
    return f"the tag {name} {'is' if pushed else 'cannot be'} moved"


def code(world: World, chance: random.Random) -> str:
    world.fresh()
    kind = chance.choice(("legal", "legal", "broken", "as before", "as before"))
    text = (world.fork.folder / PERSON / "apps" / "search.py").read_text()
    head = re.sub(r"(    (env=|no_such_field=).*\n)?\)\n\Z", "", text)
    _write(world, "apps/search.py", head + _CODE[kind])
    _commit(world, f"Code: {kind}")
    return f"code that is {kind}: {world.push('main')}"


# Manual edits of what is made


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
                _write(world, str(file.relative_to(root)), content)
            done.append(f"{file.relative_to(root)} ({change.__name__.strip('_')})")
    _commit(world, "An edit")
    branches = chance.choice(_BRANCHES)
    force = branches != ("main",) and chance.random() < 0.3
    return f"edits {', '.join(done) or 'nothing'}: {world.push(*branches, force=force)}"


# Messages that lie


def copied_message(world: World, chance: random.Random) -> str:
    """A commit with the message of an entry, which is one of an operation or that of the first publishing."""
    world.fresh()
    commits = (world.git("log", "--first-parent", "-n8", "--grep=^Desired-Operation", "--format=%H") or "").split()
    commit = chance.choice(commits or ["HEAD"])
    _document(world, chance)
    file = world.fork.folder / PERSON / "releases" / "staging" / "search.yaml"
    if chance.random() < 0.5 and file.is_file():
        _write(world, "releases/staging/search.yaml", _image(file))
    world.git("add", "--sparse", "-A")
    world.git("commit", "-q", "--amend", "-C", commit)
    return f"a commit with the message of {commit[:8]}: {world.push(*chance.choice(_BRANCHES))}"


def forged(world: World, chance: random.Random) -> str:
    """An operation that nobody asked for: it may be legal, and then it counts like any other."""
    world.fresh()
    key, service = f"forged-{len(world.said)}", chance.choice(SERVICES)
    operation = {"verb": "canary", "environment": "staging", "service": service, "share": 77}
    file = world.fork.folder / PERSON / "releases" / "staging" / "rollouts" / f"{service}.yaml"
    if file.is_file():
        _write(
            world, str(file.relative_to(world.fork.folder / PERSON)), re.sub("share: .*", "share: 77", file.read_text())
        )
    trailers = {
        "Operation": "canary",
        "Parameters": json.dumps({name: value for name, value in operation.items() if name != "verb"}),
        "Actor": "Eve <eve@example.com>",
        "Expected": world.git("rev-parse", "HEAD"),
        "Key": key,
        "Rules": "2",
        **chance.choice(({}, {"Code": '{"staging-apps": "x"}'}, {"Manifests": "x"}, {"Parameters": "{"})),
    }
    lines = "".join(f"Desired-{name}: {value}\n" for name, value in trailers.items())
    _commit(world, f"{service}: 77 % in staging\n\n{lines}")
    world.asked[key] = operation
    world.unknown.add(key)
    return f"a forged canary of {service}, key {key}: {world.push(*chance.choice(_BRANCHES))}"


ACTIONS: dict[str, tuple[Action, int]] = {
    each.__name__: (each, weight)
    for each, weight in (
        *((document, 3), (from_a_linked_work_tree, 1), (merge, 4), (octopus, 1), (rebase, 3), (squash, 2)),
        *((revert, 2), (cherry_pick, 2), (amend, 2), (set_back, 4), (delete_live, 2), (delete_main, 1)),
        *((tag, 1), (code, 2), (edit, 5), (copied_message, 2), (forged, 2)),
    )
}
"""By name, with how often."""
