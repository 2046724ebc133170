"""The Ops/Apps pair of an environment: its two clusters and their node pools. `stacks/` creates them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from .base import Bool, Int, Line, Many, Name, Value, twice
from .text import Form
from .types import Exactly

Tier = Exactly[Literal[1, 2, 3]]
_Network = Annotated[
    str,
    Form(
        r"^10\.([0-9]|[1-5][0-9]|6[0-3]|8[0-9]|9[0-57-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])\.0\.0/16$",
        "a range such as '10.8.0.0/16' outside of the pods' 10.64.0.0/12 and the Services' 10.96.0.0/16",
    ),
]


class Pool(Value):
    """A pool of identical nodes, with the same number in each zone."""

    name: Name
    """Its name."""
    size: Literal["S", "M", "L"] = "M"
    """The size of its machines. The infrastructure defines S, M and L."""
    min: Annotated[Int, Field(ge=0, le=1000)]
    """The minimum number of nodes in each zone."""
    max: Annotated[Int, Field(ge=1, le=1000)]
    """The maximum number of nodes in each zone. For a fixed number, the same as `min`."""
    tiers: Many[Tier] = ()
    """The service tiers whose pods prefer the nodes of this pool."""

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min must be at most max, got {self.min} and {self.max}")
        return self


class Pair(Value):
    """The two clusters of an environment. Both are created from this one value, so that they cannot drift apart."""

    owner: Name
    """The team that is responsible for both clusters."""
    infrastructure: Name
    """The name of a file in `stacks/infrastructures/`, without suffix. It defines machines and networks."""
    region: Line = ""
    """The region, as the infrastructure names it."""
    kubernetes: Annotated[str, Form(r"^v1\.[0-9]{2}\.[0-9]{1,2}$", "a version of Kubernetes, such as 'v1.36.3'")]
    """The Kubernetes version of both clusters. The ops cluster is upgraded first."""
    apps: Many[Pool]
    """The node pools of the apps cluster."""
    ops: Many[Pool]
    """The node pools of the ops cluster."""
    apps_network: _Network | None = None
    """The address range of the apps cluster's nodes. Default: that of the infrastructure."""
    ops_network: _Network | None = None
    """The address range of the ops cluster's nodes. Default: that of the infrastructure."""
    control_plane: Exactly[Literal[1, 3, 5]] = 3
    """The number of control plane machines in each cluster."""
    protected: Bool = False
    """Whether clusters and databases stay when they are removed from the stack. Replacing them then takes two steps."""

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.apps_network and self.apps_network == self.ops_network:
            raise ValueError(f"the networks of apps and ops must differ, got {self.apps_network!r} for both")
        return self

    @field_validator("apps", "ops")
    @classmethod
    def _distinct(cls, pools: tuple[Pool, ...]) -> tuple[Pool, ...]:
        if not pools or all(pool.min == 0 for pool in pools):
            raise ValueError("must have a pool with nodes that always run, as Pool(name='general', min=1, max=3)")
        if name := twice(pool.name for pool in pools):
            raise ValueError(f"pools must differ in their names, got {name!r} twice")
        return pools

    def network(self, role: Literal["apps", "ops"]) -> str | None:
        """Return the address range of that cluster's nodes, or None for the default."""
        return self.apps_network if role == "apps" else self.ops_network

    def pools(self, role: Literal["apps", "ops"]) -> tuple[Pool, ...]:
        """Return the node pools of that cluster."""
        return self.apps if role == "apps" else self.ops
