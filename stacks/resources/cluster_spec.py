"""What one cluster of a pair should be, read from its environment."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from constructs_lib import Environment, Pair, Pool, Role
from constructs_lib.parts.names import PREFIX
from constructs_lib.values import Problem
from constructs_lib.values.data import canonical

from .infrastructure import Infrastructure

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
_LOCK = ROOT / "locks" / "stacks.txt"
ENVIRONMENT_LABEL, ROLE_LABEL, OWNER_LABEL = f"{PREFIX}/environment", f"{PREFIX}/role", f"{PREFIX}/owner"
PROTECTED_LABEL = f"{PREFIX}/protected"
"""On every object of a cluster: `true` if its environment is protected."""
INPUTS = f"{PREFIX}/inputs"
"""Annotation of a Cluster: the digest of what both clusters of its pair are made from."""
DATABASE = f"{PREFIX}/database"
"""Annotation of a Cluster whose database was registered. Later runs must register it again."""
UNPROTECTED = f"{PREFIX}/unprotected"
"""Annotation: which parts of a protected cluster may be deleted or replaced, of `cluster,database`."""
RESTORED = f"{PREFIX}/restored"
"""Annotation of a Cluster: the restore that its database started from."""


class ClusterSpec(NamedTuple):
    """The ops or the apps cluster of an environment."""

    environment: Environment
    role: Role
    infrastructure: Infrastructure

    @property
    def name(self) -> str:
        """The name of the cluster, of its stack, and of its namespace in the management cluster."""
        return self.environment.cluster_name(self.role)

    @property
    def pair(self) -> Pair:
        """The definition of both clusters. Raises Problem if the environment has no pair."""
        return pair_of(self.environment)

    @property
    def pools(self) -> tuple[Pool, ...]:
        """The pools of nodes of this cluster."""
        return self.pair.pools(self.role)

    @property
    def labels(self) -> dict[str, str]:
        """The labels of every object of this cluster."""
        return labels(self.environment, self.role)

    def inputs(self) -> str:
        """The digest of what both clusters are made from: pair, database, infrastructure, this folder, and the lock.

        The pools of a cluster are its own: changing their sizes does not change the digest.
        """
        shared = self.pair.model_dump(mode="json", exclude={"apps", "ops"})
        files = [*sorted(HERE.rglob("*.py")), _LOCK]
        code = [[file.name, hashlib.sha256(file.read_bytes()).hexdigest()] for file in files]
        database = self.environment.database.model_dump(mode="json")
        environment = self.environment
        everything = [shared, database, environment.zones, environment.storage_class, self.infrastructure.digest, code]
        return hashlib.sha256(canonical(everything).encode()).hexdigest()[:16]


def pair_of(environment: Environment) -> Pair:
    """The pair of an environment. Raises Problem if it has none."""
    if environment.pair is None:
        raise Problem(f"envs/{environment.name}.py: pair is missing, so it has no stacks; add pair=Pair(…)")
    return environment.pair


def labels(environment: Environment, role: Role) -> dict[str, str]:
    """The labels of every object of a cluster, in it and in the management cluster."""
    return {
        "app.kubernetes.io/managed-by": "desired",
        ENVIRONMENT_LABEL: environment.name,
        ROLE_LABEL: role,
        OWNER_LABEL: pair_of(environment).owner,
        PROTECTED_LABEL: str(pair_of(environment).protected).lower(),
    }


def unprotected(annotations: Mapping[str, str]) -> list[str]:
    """Which parts of a protected cluster may be deleted or replaced: `cluster`, `database`."""
    return annotations.get(UNPROTECTED, "").split(",")
