"""How an operation can fail.

Problem             something is wrong, and a person can mend it
├── Refused         it is not legal now, whoever asks
│   └── Conflict    somebody else was first; look again, and decide again
└── Unreachable     a remote, a registry or a cluster does not answer; nothing was done
"""

from constructs_lib.values import Problem


class Refused(Problem):
    """The operation is not legal in this state; the sentence names what would be."""


class Conflict(Refused):
    """What the operation touches has changed since its author looked."""


class Unreachable(Problem):
    """Something outside does not answer. Nothing was done; the same may be tried again."""


__all__ = ["Conflict", "Problem", "Refused", "Unreachable"]
