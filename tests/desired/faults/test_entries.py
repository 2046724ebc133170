"""What anybody can commit, of any mode, kind and bytes, is put back, and holds up no rollback."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from desired.publish.publisher import Publisher
from desired.publish.verify import verify
from tests.support.fork import Fork, git
from tests.support.people import ask, deploy

SERVICE = "manifests/preprod-apps/apps/search-blue/service-search-blue.yaml"
RELEASE = "releases/preprod/search.yaml"


def _bytes_that_are_no_text(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"# \xff\xfe\n")


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()
    (file / "inside").write_text("x\n")


def _link_to_its_own_text(file: Path) -> None:
    text = file.read_text()
    file.unlink()
    os.symlink(text, file) if len(text) < 4000 else os.symlink("x", file)


def _program(file: Path) -> None:
    file.chmod(0o755)


def _submodule(file: Path) -> None:
    file.unlink()
    git(file.parent, "rm", "-q", "--cached", file.name)
    head = git(file.parent, "rev-parse", "HEAD")
    git(file.parent, "update-index", "--add", "--cacheinfo", f"160000,{head},{_below_root(file)}")


def _below_root(file: Path) -> str:
    return str(file.relative_to(Path(git(file.parent, "rev-parse", "--show-toplevel"))))


def _name_that_is_no_text(file: Path) -> None:
    Path(os.fsdecode(os.fsencode(file) + b"\xff.yaml")).write_text("a: 1\n")


def _name_with_a_line_break(file: Path) -> None:
    (file.parent / "a\nb.yaml").write_text("a: 1\n")


def _name_with_an_escape(file: Path) -> None:
    (file.parent / "\x1b[31mred.yaml").write_text("a: 1\n")


def _name_that_is_a_pattern(file: Path) -> None:
    (file.parent / "*.yaml").write_text("a: 1\n")


def _folder_in_place_of_all(file: Path) -> None:
    shutil.rmtree(file.parent)
    file.parent.write_text("gone\n")


EDITS: dict[str, Callable[[Path], None]] = {
    each.__name__.strip("_"): each
    for each in (
        _bytes_that_are_no_text,
        _folder,
        _link_to_its_own_text,
        _program,
        _submodule,
        _name_that_is_no_text,
        _name_with_a_line_break,
        _name_with_an_escape,
        _name_that_is_a_pattern,
        _folder_in_place_of_all,
    )
}


def _push(fork: Fork, edit: str, path: str) -> None:
    clone = fork.clone("stranger")
    git(clone, "pull", "-q", "origin", "main")
    EDITS[edit](clone / path)
    if edit != "submodule":
        git(clone, "add", "-A")
    git(clone, "commit", "-q", "-m", "An edit")
    git(clone, "push", "-q", "origin", "HEAD:main")


def _made(fork: Fork, branch: str) -> bytes:
    """All that is made, as `ls-tree` lists it: modes, kinds, ids and names."""
    words = ["git", "ls-tree", "-r", "-z", branch, "--", "manifests", "releases"]
    return subprocess.run(words, cwd=fork.remote, check=True, capture_output=True).stdout


@pytest.mark.parametrize("path", [SERVICE, RELEASE], ids=["manifests", "releases"])
@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_of_any_kind_is_put_back_by_publish(fork: Fork, edit: str, path: str) -> None:
    before = _made(fork, "live")
    _push(fork, edit, path)
    assert _made(fork, "main") != before
    with fork.publisher() as publisher:
        assert publisher.publish().status == "live"
        assert _made(fork, "live") == _made(fork, "main") == before
        publisher.head()
        assert verify(publisher).problems == ()


@pytest.mark.parametrize("path", [SERVICE, RELEASE], ids=["manifests", "releases"])
@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_of_any_kind_holds_up_no_rollback(fork: Fork, edit: str, path: str) -> None:
    with fork.publisher() as publisher:
        deploy(publisher, "search", 2, canary=True)
        ask(publisher, "canary", environment="staging", service="search", share=40)
    _push(fork, edit, path)
    with fork.publisher("other") as publisher:
        assert ask(publisher, "rollback", environment="staging", service="search").status == "live"
        assert "share: 0" in git(fork.remote, "show", "live:releases/staging/rollouts/search.yaml")
        assert _made(fork, "main") == _made(fork, "live")
        publisher.head()
        assert verify(publisher).problems == ()


def test_a_question_with_a_line_break_is_not_two_questions(fork: Fork) -> None:
    with fork.publisher() as publisher:
        git_, live = publisher.git, publisher.head()
        assert git_.batch.read(f"{live}:README.md\n{live}") == ("", b"")
        assert git_.file(live, "README.md") == "A fork.\n"
        assert git_.entry(live, "README.md\nREADME.md") is None


def test_a_tree_that_is_not_what_was_meant_is_never_published(publisher: Publisher) -> None:
    """A file where a folder was, and the other way round: both in one change."""
    live = publisher.head()
    changes: dict[str, str | None] = {SERVICE: None, f"{SERVICE}/a/b": "x\n", "README.md/c": "y\n", "README.md": None}
    tree = publisher.git.write_tree(live, changes)
    assert publisher.git.file(tree, f"{SERVICE}/a/b") == "x\n"
    back: dict[str, str | None] = {f"{SERVICE}/a/b": None, SERVICE: "z\n"}
    commit = publisher.git.commit_tree(tree, [live], "m", publisher.git.commit(live).author, sign=False)
    assert publisher.git.file(publisher.git.write_tree(commit, back), SERVICE) == "z\n"


@pytest.fixture
def publisher(fork: Fork) -> Publisher:
    """A publisher of the test's own fork."""
    return fork.publisher()
