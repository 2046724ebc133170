"""The fields of an environment. Each environment is one frozen value; environments differ only in data."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from .base import Bool, Host, Image, Int, Line, Many, Name, PlainText, Reason, Value, VariableName, twice
from .database_class import DatabaseClass
from .pair import Pair
from .plain_secrets import refuse_plain_secrets
from .resources import Quantity, Resources, SizeName, amount
from .scale import Scale
from .service import Service

Gate = Literal["ready", "tested", "confirm", "four-eyes"]
"""A condition that an environment requires before a change. `four-eyes` is recorded, not enforced yet."""
Role = Literal["apps", "ops"]
ROLES: tuple[Role, ...] = ("ops", "apps")
"""The clusters of a pair, in the order in which a change reaches them."""

_LABEL = 63
"""How long the value of a label may be. Cluster API labels objects with the names of clusters and groups of nodes."""


class Quota(Value):
    """The resources that all services of a cluster may reserve together.

    During rollouts, two sets of pods of every service must fit.
    """

    cpu: Quantity
    """CPU cores that may be requested."""
    memory: Quantity
    """Memory, for the sum of requests and for the sum of limits."""
    pods: Annotated[Int, Field(ge=1)]
    """The number of pods."""
    storage: Quantity = "1Ti"
    """Storage that all claims may request."""


class Reference(Value):
    """The only service of an ops cluster. Requests to it show whether the platform works."""

    service: Service
    """The service."""
    image: Image
    """Its image by digest."""


class Cluster(Value):
    """One cluster of a pair."""

    quota: Quota
    """The resources that its services may reserve together."""
    gateway_replicas: Scale
    """The number of proxies of each gateway."""
    reference: Reference | None = None
    """The reference service. Required for the ops cluster, not allowed for the apps cluster."""


class Git(Value):
    """The repository that Flux pulls."""

    url: Line
    """The address of the repository."""
    branch: Line = "live"
    """The branch that Flux pulls."""
    interval_seconds: Annotated[Int, Field(ge=5)] = 60
    """Seconds between two checks for new commits and for drift."""
    signers: Name | None = None
    """The Secret with the public keys of signers. Flux refuses commits that none of them signed. Default: no check."""


class Override(Value):
    """Settings of one service that differ in this environment. Each value replaces that of the service."""

    reason: Reason
    """Why the service differs here."""
    size: Resources | None = None
    """Its CPU and memory in this environment."""
    scale: Scale | None = None
    """The number of its pods in this environment."""
    env: dict[VariableName, PlainText] = {}
    """Environment variables whose value differs in this environment."""

    @field_validator("env")
    @classmethod
    def _no_plain_secrets(cls, env: dict[str, str]) -> dict[str, str]:
        refuse_plain_secrets(env)
        return env


class Exemption(Value):
    """An accepted finding of one rule about one subject, with the reason."""

    rule: Name
    """The id of the rule."""
    subject: Line
    """The `service` or `kind/name` that the finding is about."""
    reason: Reason
    """Why it is accepted."""


class Environment(Value):
    """Where and how services run. Environments differ only in data: no code contains the name of an environment."""

    stands_alone: ClassVar[bool] = True

    name: Name
    """Its name."""
    domain: Host
    """The domain of all external host names."""
    apps: Cluster
    """The cluster that runs the services."""
    ops: Cluster
    """The cluster in which platform changes are tried first. It runs only the reference service."""
    git: Git
    """The repository that both clusters pull."""
    sizes: dict[SizeName, Resources]
    """The CPU and memory of the sizes S, M and L."""
    scales: dict[SizeName, Scale]
    """The number of pods of the sizes S, M and L."""
    zones: Many[Name]
    """The zones over which pods are spread."""
    namespace: Name = "apps"
    """The namespace of the services."""
    promoted_from: Name | None = None
    """The environment from which versions are promoted to this one."""
    follows_apps: Bool = False
    """Whether stable slots use the spec from `apps/` at head instead of a spec in the release."""
    gates: Many[Gate] = ()
    """The conditions for a change. `four-eyes` is recorded, not enforced yet."""
    log_level: Literal["debug", "info", "warn", "error"] = "info"
    """The value of `LOG_LEVEL` in every container."""
    database: DatabaseClass = DatabaseClass()
    """How PostgreSQL runs."""
    pair: Pair | None = None
    """The machines and versions of both clusters. Required only if `stacks/` creates the clusters."""
    storage_class: Name = "standard"
    """The storage class of claims without their own."""
    certificate: Line = "gateways/wildcard"
    """The entry of the secret store that holds the certificate of the external gateway."""
    collector: Name | None = None
    """The service that receives OpenTelemetry data over OTLP/gRPC. Without it, services send no telemetry."""
    alert_address: Line = "alerts"
    """The Secret that holds the address for alerts."""
    overrides: dict[Name, Override] = {}
    """Settings of single services that differ in this environment."""
    exemptions: Many[Exemption] = ()
    """Rule findings that are accepted in this environment."""

    @field_validator("name")
    @classmethod
    def _short(cls, name: str) -> str:
        if len(name) > _LABEL - len("-apps"):
            raise ValueError(
                f"must have at most {_LABEL - len('-apps')} characters, as its clusters' names add '-apps' or '-ops', "
                f"got {len(name)}; shorten it"
            )
        return name

    @field_validator("zones", "gates")
    @classmethod
    def _unique(cls, items: tuple[str, ...]) -> tuple[str, ...]:
        if item := twice(items):
            raise ValueError(f"must differ from each other, got {item!r} twice")
        return items

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for what, given in (("sizes", self.sizes), ("scales", self.scales)):
            if missing := [size for size in ("S", "M", "L") if size not in given]:
                raise ValueError(f"{what} must say what S, M and L are here, missing {', '.join(missing)}")
        if not self.zones:
            raise ValueError("zones must name at least one zone, as zones=['a']")
        if self.promoted_from == self.name:
            raise ValueError(f"promoted_from must be another environment, got {self.name!r} itself")
        if self.ops.reference is None or self.apps.reference is not None:
            raise ValueError("the ops cluster, and only it, has a reference service; give it to ops")
        for pool in (*self.pair.apps, *self.pair.ops) if self.pair else ():
            longest = f"{pool.name}-{max(self.zones, key=len)}"
            if len(longest) > _LABEL:
                raise ValueError(
                    f"the name of a pool and of a zone must have at most {_LABEL - 1} characters together, as they "
                    f"name its nodes, got {longest!r}; shorten the pool {pool.name!r}"
                )
        memory = [self.sizes[size].memory for size in ("S", "M", "L")]
        if memory != sorted(memory, key=amount):
            raise ValueError(f"sizes must grow from S over M to L in memory, got {', '.join(memory)}")
        return self

    def cluster(self, role: Role) -> Cluster:
        """Return the cluster of that role."""
        return self.apps if role == "apps" else self.ops

    def cluster_name(self, role: Role) -> str:
        """Return `<environment>-apps` or `<environment>-ops`."""
        return f"{self.name}-{role}"
