"""What a run did, or would do."""

from typing import Literal, NamedTuple

from .values import Value

Action = Literal["same", "create", "update", "replace", "delete", "retain", "read", "discard", "refresh"]
"""`retain`: it leaves the state and stays in the cluster. `refresh`: what the cluster has was found to differ."""
Level = Literal["info", "warning", "error"]
CHANGING = frozenset({"create", "update", "replace", "delete", "retain"})
"""The actions that change a cluster or what the stack answers for."""


class Step(NamedTuple):
    """What became of one resource."""

    action: Action
    urn: str
    type: str
    name: str
    parent: str
    """The parent's URN, or nothing."""
    changed: tuple[str, ...] = ()
    """The paths of the properties that differ, sorted."""


class Message(NamedTuple):
    """A line for people: the program's, the engine's, or a warning of an API server. Secrets are taken out."""

    level: Level
    text: str
    urn: str = ""

    def __str__(self) -> str:
        return f"{self.level}: {self.text}"


class Outcome(NamedTuple):
    """All steps in the order in which they ended, and the stack's outputs with secrets hidden."""

    steps: tuple[Step, ...]
    outputs: dict[str, Value]
    messages: tuple[Message, ...]

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that change something: none when all is as the program says."""
        return tuple(step for step in self.steps if step.action in CHANGING)


class Failed(Exception):
    """A run failed; the message is what the program, the engine or the API server said."""

    def __init__(self, message: str, outcome: Outcome) -> None:
        super().__init__(message)
        self.outcome = outcome
