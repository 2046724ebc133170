"""One cluster of a pair: what both sides read from the one definition of their environment."""

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
ROOT = HERE.parent
_LOCK = ROOT / "locks" / "stacks.txt"
_ONLY_LOOK = {"capacity", "command", "comment", "pair_box", "picture", "policies", "schemas", "svg"}
"""Modules that no object is made by."""
ENVIRONMENT_LABEL, ROLE_LABEL, OWNER_LABEL = f"{PREFIX}/environment", f"{PREFIX}/role", f"{PREFIX}/owner"
PROTECTED_LABEL = f"{PREFIX}/protected"
"""On all objects of clusters that outlive their deletion."""
INPUTS = f"{PREFIX}/inputs"
"""Annotation of a Cluster: the digest of what both sides of its pair are made from."""
DATABASE = f"{PREFIX}/database"
"""Annotation of a Cluster that has been given its database: from then on it is never left out."""
UNPROTECTED = f"{PREFIX}/unprotected"
"""Annotation: what may be deleted or replaced although its environment is protected, of `cluster,database`."""
RESTORED = f"{PREFIX}/restored"
"""Annotation of a Cluster: the restore that its database began with."""


class Side(NamedTuple):
    """The ops or the apps cluster of an environment."""

    environment: Environment
    role: Role
    infrastructure: Infrastructure

    @property
    def name(self) -> str:
        """The cluster's name; its stack and its namespace in the management cluster are called the same."""
        return self.environment.cluster_name(self.role)

    @property
    def pair(self) -> Pair:
        """The definition of both sides. Raises Problem when the environment has none."""
        return pair_of(self.environment)

    @property
    def pools(self) -> tuple[Pool, ...]:
        """The pools of nodes of this side."""
        return self.pair.pools(self.role)

    @property
    def labels(self) -> dict[str, str]:
        """What every object of this side carries."""
        return labels(self.environment, self.role)

    def inputs(self) -> str:
        """The digest of what both sides are made from: the definition, the infrastructure, our code and its tools.

        The sizes of each side's pools are its own, and no part of it.
        """
        shared = self.pair.model_dump(mode="json", exclude={"apps", "ops"})
        files = [file for file in sorted(HERE.glob("*.py")) if file.stem not in _ONLY_LOOK] + [_LOCK]
        code = [[file.name, hashlib.sha256(file.read_bytes()).hexdigest()] for file in files]
        database = self.environment.database.model_dump(mode="json")
        environment = self.environment
        everything = [shared, database, environment.zones, environment.storage_class, self.infrastructure.digest, code]
        return hashlib.sha256(canonical(everything).encode()).hexdigest()[:16]


def pair_of(environment: Environment) -> Pair:
    """The pair of an environment. Raises Problem when it has none."""
    if environment.pair is None:
        raise Problem(
            f"envs/{environment.name}.py: has no pair, so that stacks/ makes nothing of it; give it a Pair(…)"
        )
    return environment.pair


def labels(environment: Environment, role: Role) -> dict[str, str]:
    """The labels of all objects of a cluster, here and in the management cluster."""
    return {
        "app.kubernetes.io/managed-by": "desired",
        ENVIRONMENT_LABEL: environment.name,
        ROLE_LABEL: role,
        OWNER_LABEL: pair_of(environment).owner,
        PROTECTED_LABEL: str(pair_of(environment).protected).lower(),
    }


def freed(annotations: Mapping[str, str]) -> list[str]:
    """What may be deleted or replaced although its environment is protected: `cluster`, `database`."""
    return annotations.get(UNPROTECTED, "").split(",")
