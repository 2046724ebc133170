"""How a remote can fail: by type, whatever words it uses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from desired.git import (
    AtomicUnsupported,
    AuthenticationFailed,
    BranchMissing,
    Clone,
    GitFailed,
    Rejected,
    RemoteUnreachable,
)
from desired.publish.branches import Branches
from tests.support.fork import git

MAIN, LIVE = "refs/heads/main", "refs/heads/live"


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """A bare repository with a commit on main."""
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "remote.git")
    _clone(tmp_path, "first")
    git(tmp_path / "first", "commit", "-q", "--allow-empty", "-m", "One")
    git(tmp_path / "first", "push", "-q", "origin", "HEAD:main")
    return tmp_path / "remote.git"


@pytest.fixture
def clone(remote: Path) -> Clone:
    """A clone of it."""
    return Clone(_clone(remote.parent, "clone"), patience=0.2)


def _clone(folder: Path, name: str) -> Path:
    git(folder, "clone", "-q", "remote.git", name)
    for key, value in {"user.name": "Test", "user.email": "test@example.com", "commit.gpgsign": "false"}.items():
        git(folder / name, "config", key, value)
    return folder / name


def _next(own: Clone) -> tuple[str, str]:
    """The commit that main is at, and one on it."""
    return git(own.folder, "rev-parse", "origin/main"), git(
        own.folder, "commit-tree", "origin/main^{tree}", "-p", "origin/main", "-m", "Two"
    )


def _hook(remote: Path, text: str) -> None:
    file = remote / "hooks" / "pre-receive"
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\ncat > /dev/null\n{text}\n")
    file.chmod(0o755)


def _push(own: Clone) -> None:
    old, new = _next(own)
    own.push("origin", {MAIN: (new, old), LIVE: (new, None)})


def test_a_push_moves_both_branches(clone: Clone, remote: Path) -> None:
    _push(clone)
    assert git(remote, "rev-parse", "main") == git(remote, "rev-parse", "live")


def test_a_push_that_comes_second_is_rejected(clone: Clone, remote: Path) -> None:
    old, new = _next(clone)
    git(remote.parent / "first", "commit", "-q", "--allow-empty", "-m", "Another one")
    git(remote.parent / "first", "push", "-q", "origin", "HEAD:main")
    with pytest.raises(Rejected, match=r"The remote origin refused the push: \[rejected\] \(stale info\)"):
        clone.push("origin", {MAIN: (new, old), LIVE: (new, None)})


_LIES = (
    "fatal: the receiving end does not support --atomic push",
    "fatal: Authentication failed for 'https://example.com'",
    "error: cannot lock ref 'refs/heads/main'",
    "couldn't find remote ref refs/heads/live",
    "Everything up-to-date",
)


@pytest.mark.parametrize("words", _LIES)
def test_a_server_that_refuses_a_push_is_not_believed_to_have_another_reason(
    clone: Clone, remote: Path, words: str
) -> None:
    _hook(remote, f'echo "{words}" >&2; exit 1')
    with pytest.raises(Rejected) as refused:
        _push(clone)
    assert f"(pre-receive hook declined) remote: {words}" in str(refused.value)


def test_words_of_a_server_cannot_change_a_terminal(clone: Clone, remote: Path) -> None:
    _hook(remote, r"printf '\033[2J\033]0;title\007 done\n' >&2; exit 1")
    with pytest.raises(Rejected) as refused:
        _push(clone)
    assert str(refused.value).isprintable()


def test_a_server_without_atomic_pushes_is_named(clone: Clone, remote: Path) -> None:
    git(remote, "config", "receive.advertiseAtomic", "false")
    with pytest.raises(AtomicUnsupported, match="Cannot push to the remote origin: its server does not support"):
        _push(clone)


@pytest.mark.parametrize("ask", [_push, lambda own: own.fetch("origin", [f"+{MAIN}:refs/remotes/origin/main"])])
def test_a_remote_that_is_away_is_unreachable(clone: Clone, remote: Path, ask: Callable[[Clone], None]) -> None:
    _next(clone)
    remote.rename(remote.with_name("hidden.git"))
    with pytest.raises(RemoteUnreachable, match=r"the remote origin: .*Try again when it is reachable") as refused:
        ask(clone)
    assert type(refused.value) is RemoteUnreachable


@pytest.mark.parametrize(
    "words",
    ["git@example.com: Permission denied (publickey).", "Host key verification failed."],
)
@pytest.mark.parametrize("ask", [_push, lambda own: own.fetch("origin", [f"+{MAIN}:refs/remotes/origin/main"])])
def test_a_remote_that_does_not_know_the_user_names_the_credentials(
    clone: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, ask: Callable[[Clone], None]
) -> None:
    _next(clone)
    ssh = tmp_path / "ssh"
    ssh.write_text(f'#!/bin/sh\necho "{words}" >&2\nexit 255\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))
    git(clone.folder, "remote", "set-url", "origin", "ssh://git@example.com/fleet.git")
    with pytest.raises(AuthenticationFailed, match="Check your credentials with `git ls-remote origin`"):
        ask(clone)


def test_a_branch_that_a_remote_does_not_have_is_named(clone: Clone) -> None:
    with pytest.raises(BranchMissing, match="The remote origin has no branch live") as missing:
        clone.fetch("origin", [f"+{MAIN}:refs/remotes/origin/main", f"+{LIVE}:refs/remotes/origin/live"])
    assert missing.value.refs == (LIVE,)


def test_a_remote_that_has_published_nothing_has_no_live(clone: Clone, remote: Path) -> None:
    repository = Branches(clone, "origin")
    _push(clone)
    repository.refresh()
    assert repository.live == repository.main
    git(remote, "update-ref", "-d", LIVE)
    repository.refresh()
    assert repository.live is None


def test_a_clone_that_cannot_be_written_is_not_taken_for_an_unreachable_remote(clone: Clone, remote: Path) -> None:
    """A folder where a ref should be: no lock, no answer of the remote, and no waiting for either."""
    _push(Clone(remote.parent / "first"))
    with pytest.raises(GitFailed, match="Cannot fetch from the remote origin: error: "):
        clone.fetch("origin", [f"+{MAIN}:refs/remotes/origin/main/below"])
