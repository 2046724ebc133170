"""A small resource monitor for Pulumi programs, for tests and demonstrations; the engine of record is `pulumi`."""

from .goal import REFERENCE
from .kubeconfig import BadKubeconfig, connect
from .objects import Api, Clusters
from .outcome import Failed, Message, Outcome, Step
from .stack import Stack
from .tree import as_json, tree

__all__ = [
    "REFERENCE",
    "Api",
    "BadKubeconfig",
    "Clusters",
    "Failed",
    "Message",
    "Outcome",
    "Stack",
    "Step",
    "as_json",
    "connect",
    "tree",
]
