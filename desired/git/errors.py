"""How Git can fail.

Problem
├── GitMissing                git is not installed, or is too old
├── GitFailed                 a command of Git failed on this machine
│   ├── Locked                another process holds a lock file
│   └── AtomicUnsupported     the server cannot move two branches in one push
└── Unreachable
    ├── RemoteUnreachable     a remote does not answer
    │   ├── Unanswered         not in time: it may still do it
    │   └── AuthenticationFailed
    ├── BranchMissing         a remote answers, and does not have a branch
    └── Rejected              a remote answers, and refuses a push
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .. import programs
from ..core.errors import Problem, Unreachable
from ..wording import printable

_NO_ACCESS = re.compile(
    r"Authentication failed|Permission denied \(|could not read (Username|Password)|terminal prompts disabled"
    r"|Host key verification failed|requested URL returned error: (401|403)"
)
_NO_ATOMIC = re.compile(r"^fatal: the receiving end does not support --atomic", re.MULTILINE)
_LONGEST = 200


class GitMissing(Problem):
    """Git is not installed, or is older than the oldest version that works."""


class GitFailed(Problem):
    """A command of Git failed on this machine."""


class Locked(GitFailed):
    """Another process holds a lock of this repository, or left one behind. Nothing was changed."""

    def __init__(self, what: str, locks: Sequence[Path]) -> None:
        self.locks = tuple(locks)
        files = " and ".join(map(str, locks))
        super().__init__(
            f"Cannot {what}: another Git process holds {files}. Wait until it ends. If no Git process is running in "
            f"this repository, one crashed earlier: remove the file, and run the command again"
        )


class AtomicUnsupported(GitFailed):
    """The server of the remote cannot move two branches in one push."""


class RemoteUnreachable(Unreachable):
    """The remote does not answer, or not in time."""


class Unanswered(RemoteUnreachable):
    """The remote was asked, and did not answer in time. It may still do what it was asked for."""


class AuthenticationFailed(RemoteUnreachable):
    """The remote does not accept who you are."""


class BranchMissing(Unreachable):
    """The remote answers, and does not have these refs."""

    def __init__(self, remote: str, refs: Sequence[str]) -> None:
        self.refs = tuple(refs)
        names = " and ".join(ref.removeprefix("refs/heads/") for ref in refs)
        super().__init__(f"The remote {remote} has no branch {names}. Push it, or name another remote with --remote")


class Rejected(Unreachable):
    """The remote answers, and refuses a push. No branch was moved."""


def of_remote(what: str, remote: str, done: subprocess.CompletedProcess[bytes]) -> Problem:
    """The error of a command that talked to a remote and failed before the remote answered.

    Git has one exit code, 128, for all of these, so that only its text tells them apart. The text decides nothing but
    which remedy is named.
    """
    text = done.stderr.decode(errors="replace")
    if _NO_ATOMIC.search(text):
        return AtomicUnsupported(
            f"Cannot {what} the remote {remote}: its server does not support `git push --atomic`. "
            f"Use a Git server that does"
        )
    if _NO_ACCESS.search(text):
        return AuthenticationFailed(
            f"Cannot {what} the remote {remote}: {telling(done)}. Check your credentials with `git ls-remote {remote}`"
        )
    kind = Unanswered if done.returncode == programs.TIMED_OUT else RemoteUnreachable
    return kind(f"Cannot {what} the remote {remote}: {telling(done)}. Try again when it is reachable")


def failed(what: str, done: subprocess.CompletedProcess[bytes], remedy: str = "") -> GitFailed:
    """The error of a command that failed on this machine."""
    return GitFailed(f"Cannot {what}: {telling(done)}" + (f". {remedy}" if remedy else ""))


def rejected(remote: str, reason: str, done: subprocess.CompletedProcess[bytes]) -> Rejected:
    """The error of a push that a remote refused, with what it said beside the reason."""
    words = next((line for line in _lines(done) if line.startswith("remote:")), "")
    return Rejected(f"The remote {remote} refused the push: {clean(' '.join((reason, words)))}")


def telling(done: subprocess.CompletedProcess[bytes]) -> str:
    """The line of its errors that says most."""
    lines = _lines(done)
    first = next((line for line in lines if line.startswith(("fatal:", "error:", "remote:", "!"))), "")
    return clean(first or (lines[0] if lines else f"git ended with {done.returncode}"))


def _lines(done: subprocess.CompletedProcess[bytes]) -> list[str]:
    return [line.strip() for line in done.stderr.decode(errors="replace").splitlines() if line.strip()]


def clean(text: str) -> str:
    """A text of somebody else, cut to a length, without characters that would change a terminal."""
    return printable(text.strip())[:_LONGEST]
