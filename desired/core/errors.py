"""How an operation can fail. Each class has the exit code of the command line.

Problem (1)             something is wrong, and a person can fix it
├── Refused (3)         not legal in this state, for anyone
│   └── Conflict (4)    someone else was first: look again, then decide
├── Unreachable (5)     a remote, a registry or a cluster does not answer
└── CodeNotUsed (6)     main is published, but clusters stay with older code than it holds
"""

from __future__ import annotations

from typing import ClassVar

from constructs_lib.values import Problem


class Refused(Problem):
    """The operation is not legal in this state. The sentence names what would be."""

    exit_code: ClassVar[int] = 3


class Conflict(Refused):
    """What the operation touches has changed since its author looked, or its key belongs to another operation."""

    exit_code: ClassVar[int] = 4


class Unreachable(Problem):
    """Something outside does not answer. The same may be tried again."""

    exit_code: ClassVar[int] = 5


class CodeNotUsed(Problem):
    """`main` was published, but clusters stay with older code, because that of `main` cannot be synthesized."""

    exit_code: ClassVar[int] = 6


__all__ = ["CodeNotUsed", "Conflict", "Problem", "Refused", "Unreachable"]
