"""The only place that talks to Git: by its own commands, see `docs/decisions/0007-operations-on-git.md`."""

from .commits import Author, Commit, CommitChanges
from .errors import (
    AtomicUnsupported,
    AuthenticationFailed,
    BranchMissing,
    GitFailed,
    GitMissing,
    Locked,
    Rejected,
    RemoteUnreachable,
    Unanswered,
    failed,
)
from .process import OLDEST, TreeEntry, run_git
from .reading import Content
from .writing import Clone

__all__ = [
    "OLDEST",
    "AtomicUnsupported",
    "AuthenticationFailed",
    "Author",
    "BranchMissing",
    "Clone",
    "Commit",
    "CommitChanges",
    "Content",
    "GitFailed",
    "GitMissing",
    "Locked",
    "Rejected",
    "RemoteUnreachable",
    "TreeEntry",
    "Unanswered",
    "failed",
    "run_git",
]
