"""The only place that talks to Git: by its own commands, see `docs/decisions/0007-operations-on-git.md`."""

from .process import Entry
from .reading import Author, Change
from .writing import Git

__all__ = ["Author", "Change", "Entry", "Git"]
