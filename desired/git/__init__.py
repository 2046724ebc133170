"""The only place that talks to Git: by its own commands, see `docs/decisions/0007-operations-on-git.md`."""

from .process import TreeEntry
from .reading import Author, CommitChanges, LoggedCommit
from .writing import Git

__all__ = ["Author", "CommitChanges", "Git", "LoggedCommit", "TreeEntry"]
