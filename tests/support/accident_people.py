"""What a person does to Git: each action takes a world and chance, and says what it did."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from tests.support.accident_world import PERSON, World
from tests.support.fork import git

Action = Callable[[World, random.Random], str]
SERVICES = ("search", "ledger")
"""Those that operations and manual edits meet on."""
BRANCHES = (("main",), ("main",), ("live",), ("main", "live"))
_CODE = {
    "legal": '    env={"LINE": "1"},\n)\n',
    "broken": "    no_such_field=1,\n)\n",
    "as before": ")\n",
}


def write(world: World, path: str, content: str | bytes) -> None:
    """Writes a file of the person's work tree, in place of a link too."""
    file = world.fork.folder / PERSON / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)


def commit_all(world: World, title: str, *words: str) -> None:
    """Commits everything, or nothing."""
    world.git("add", "--sparse", "-A")
    world.git("commit", "-q", "--allow-empty", "-m", title, *words)


def document_of(world: World, chance: random.Random) -> None:
    """A commit with a document of its own."""
    name = f"{chance.randrange(10**9)}"
    write(world, f"docs/{name}.md", f"Document {name}.\n")
    commit_all(world, f"Document {name}")


def document(world: World, chance: random.Random) -> str:
    world.fresh()
    document_of(world, chance)
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
    document_of(world, chance)
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
        document_of(world, chance)
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
    document_of(world, chance)
    base = world.git("rev-parse", "HEAD") or ""
    world.git("checkout", "-q", "-f", "--detach", "origin/main")
    if world.git("rebase", "-q", "--no-autosquash", "--onto", base, old) is None:
        world.git("rebase", "--abort")
        return "a rebase: conflict"
    return f"a rebase over what came since {old[:8]}: {world.push(*chance.choice(BRANCHES), force=True)}"


def squash(world: World, chance: random.Random) -> str:
    world.fresh()
    old = world.back(chance)
    world.git("reset", "-q", "--soft", old)
    commit_all(world, "Squashed")
    return f"a squash down to {old[:8]}: {world.push(*chance.choice(BRANCHES), force=True)}"


def revert(world: World, chance: random.Random) -> str:
    world.fresh()
    commit = chance.choice((world.git("rev-list", "--first-parent", "-n4", "HEAD") or "").split())
    words = ("-m", "1") if len((world.git("rev-list", "--parents", "-n1", commit) or "").split()) > 2 else ()
    if world.git("revert", "--no-edit", *words, commit) is None:
        world.git("revert", "--abort")
        return f"a revert of {commit[:8]}: conflict"
    return f"a revert of {commit[:8]}: {world.push(*chance.choice(BRANCHES[:3]))}"


def cherry_pick(world: World, chance: random.Random) -> str:
    world.fresh()
    commit = chance.choice((world.git("rev-list", "--no-merges", "-n6", "HEAD") or "").split())
    if world.git("cherry-pick", "--allow-empty", "--keep-redundant-commits", "-X", "theirs", commit) is None:
        world.git("cherry-pick", "--abort")
        return f"a cherry-pick of {commit[:8]}: conflict"
    return f"a cherry-pick of {commit[:8]}: {world.push(*chance.choice(BRANCHES[:3]))}"


def amend(world: World, chance: random.Random) -> str:
    world.fresh(chance.choice(("origin/main", "origin/live")))
    words = chance.choice((("--author", "Eve <eve@example.com>"), ("--date", "2020-01-01T00:00:00Z"), ("-m", "Mine")))
    world.git("commit", "-q", "--amend", "--allow-empty", "--no-edit" if words[0] != "-m" else "-q", *words)
    return f"the newest commit amended with {words[0]}: {world.push(*chance.choice(BRANCHES), force=True)}"


def set_back(world: World, chance: random.Random) -> str:
    """One branch or both to an older commit; sometimes with the newer ones made anew, but for one of them."""
    world.fresh()
    old = world.back(chance)
    world.git("checkout", "-q", "-f", "--detach", old)
    newer = (world.git("rev-list", "--first-parent", "--reverse", f"{old}..origin/main") or "").split()[1:]
    picked = bool(newer) and chance.random() < 0.4 and world.git("cherry-pick", "--allow-empty", *newer) is not None
    if newer and not picked:
        world.git("cherry-pick", "--abort")
    pushed = world.push(*chance.choice(BRANCHES), force=True)
    return f"back to {old[:8]}{', and what came later but for one' if picked else ''}: {pushed}"


def delete_live(world: World, chance: random.Random) -> str:
    world.forced = world.touched = True
    git(world.fork.remote, "update-ref", "-d", "refs/heads/live")
    # What a person pushed there alone, and no clone has seen, is nowhere any more.
    kept = git(world.fork.remote, "ls-tree", "-r", "--name-only", "main", "--", "docs").splitlines()
    world.documents = {path: id_ for path, id_ in world.documents.items() if path in kept}
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
    file = world.fork.folder / PERSON / "apps" / "search.py"
    if not file.is_file():
        return "no code: a revert took it away"
    text = file.read_text()
    head = re.sub(r"(    (env=|no_such_field=).*\n)?\)\n\Z", "", text)
    write(world, "apps/search.py", head + _CODE[kind])
    commit_all(world, f"Code: {kind}")
    return f"code that is {kind}: {world.push('main')}"


ACTIONS: dict[str, tuple[Action, int]] = {
    each.__name__: (each, weight)
    for each, weight in (
        *((document, 3), (from_a_linked_work_tree, 1), (merge, 4), (octopus, 1), (rebase, 3), (squash, 2)),
        *((revert, 2), (cherry_pick, 2), (amend, 2), (set_back, 4), (delete_live, 2), (delete_main, 1)),
        *((tag, 1), (code, 2)),
    )
}
"""By name, with how often."""
