"""A service: one microservice, described once for all environments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from .base import SCHEMA, Bool, ImageRepository, Int, Line, Many, Name, PlainText, Value, Wrong, shown
from .consistency import DATABASE_KEYS, disagreements
from .container import Claim, Config, Container, Env, Port, Secret, Volume
from .data import Json
from .patch import Patch
from .plain_secrets import refuse_plain_secrets
from .probes import Probe
from .resources import Size
from .scale import Pods
from .schedule import Schedule
from .text import Form
from .traffic import Dependency, ExternalRoute, Metrics, Outside, Permission, Route, Shutdown
from .types import Exactly

Kind = Literal["microservice", "worker", "scheduled-job", "stateful"]


_SqlName = Annotated[
    str, Form(r"^[a-z_][a-z0-9_]{0,62}$", "a name in PostgreSQL: lower-case letters, digits and '_', at most 63")
]


class Database(Value):
    """A PostgreSQL database for one service. The secret `database` holds its address and password."""

    name: _SqlName
    """The name of the database."""
    owner: _SqlName
    """The role that owns the database and that the service connects as."""
    extensions: Many[
        Annotated[str, Form(r"^[a-z][a-z0-9_-]{0,62}$", "the name of an extension, such as 'vector'")]
    ] = ()
    """The PostgreSQL extensions to create in the database."""


def _as_dependency(item: object) -> object:
    return {"service": item} if isinstance(item, str) else item


def _as_mapping(value: object) -> object:
    if isinstance(value, dict) and value.get("schema", SCHEMA) != SCHEMA:
        raise ValueError(f"schema must be {SCHEMA}, got {shown(value['schema'])}; a newer platform wrote it")
    return {k: v for k, v in value.items() if k != "schema"} if isinstance(value, dict) else value


FILES = ("platform", "holds", "rollouts")
"""Names in the folder of an environment that are not those of services."""


class Service(Value):
    """One microservice. Only `name`, `owner` and `image` are required; all other fields have safe defaults.

    A service with `schedule` is a scheduled job, with `claims` a stateful service, with `ports` a microservice.
    Any other service is a worker.
    """

    stands_alone: ClassVar[bool] = True

    name: Name
    """Its name, the same in every environment."""
    owner: Name
    """The team that is responsible for it and receives its alerts."""
    image: ImageRepository
    """The repository of its images. A release adds the digest."""
    ports: Many[Port] = ()
    """The ports that it listens on, the most important one first."""
    description: Line = ""
    """The purpose of the service, in one line."""
    tier: Exactly[Literal[1, 2, 3]] = 2
    """The effect of an outage. 1: the business stops. 2: customers notice. 3: no one notices for an hour."""
    repository: Line = ""
    """The address of its source code."""
    runbook: Line = ""
    """The address of the page with instructions for incidents."""

    command: Many[PlainText] = ()
    """The program. Default: the entry point of the image."""
    args: Many[PlainText] = ()
    """The arguments of the program."""
    env: Env = {}
    """Environment variables: strings, whole numbers, or references."""
    configs: Many[Config] = ()
    """Its configuration. Each one becomes a ConfigMap."""
    secrets: Many[Secret] = ()
    """References to entries of the secret store."""
    volumes: Many[Volume] = ()
    """Writable storage, in addition to `/tmp`."""
    init: Many[Container] = ()
    """Containers that run one after another before the main container starts."""
    sidecars: Many[Container] = ()
    """Containers that run beside the main container."""
    user: Annotated[Int, Field(gt=10_000, le=2_000_000_000)] = 10_001
    """The UID and GID of its processes. Values above 10000 do not collide with users of the node."""

    size: Size = "S"
    """Its CPU and memory: a size that the environment defines, or explicit `Resources`."""
    scale: Pods = "S"
    """The number of its pods: a size that the environment defines, or an explicit `Scale`."""
    recommend_resources: Bool = False
    """Whether a VerticalPodAutoscaler recommends CPU and memory. It never changes a pod."""
    startup: Probe | None = None
    """The check that it has started. Default: the `readiness` check with more time."""
    readiness: Probe | None = None
    """The check that it can receive requests. Default: its first port is open."""
    liveness: Probe | None = None
    """The check that it works; if not, it is restarted. Default: its first port is open, checked less often."""
    shutdown: Shutdown = Shutdown()
    """How its pods shut down."""

    depends_on: Many[Annotated[Dependency, BeforeValidator(_as_dependency)]] = ()
    """The services that it calls. Each one opens the network and adds an environment variable with the address."""
    outside: Many[Outside] = ()
    """Destinations outside the cluster that it may connect to."""
    database: Database | None = None
    """Its database. Default: no database."""
    route: Route | None = Route()
    """How it is reached inside the cluster. `None` for a service that is called directly, such as a collector."""
    external: ExternalRoute | None = None
    """How it is reached from outside the cluster. Default: not reachable from outside."""
    metrics: Metrics | None = None
    """Where Prometheus reads its metrics."""
    telemetry: Bool = True
    """Whether it gets the OpenTelemetry variables and may connect to the collector."""
    permissions: Many[Permission] = ()
    """Its permissions in the Kubernetes API. Default: none, and its pods get no token."""

    claims: Many[Claim] = ()
    """Storage that outlives its pods."""
    schedule: Schedule | None = None
    """When it runs. Default: all the time."""
    patches: Many[Patch] = ()
    """Changes to rendered objects that no other field can express."""

    _schema = model_validator(mode="before")(_as_mapping)

    @property
    def kind(self) -> Kind:
        """The kind of workload, which follows from the fields that are given."""
        if self.schedule:
            return "scheduled-job"
        if self.claims:
            return "stateful"
        return "microservice" if self.ports else "worker"

    @property
    def routed(self) -> tuple[Port, ...]:
        """The ports that a gateway reaches. Empty for a service that is called directly."""
        if self.kind != "microservice" or self.route is None:
            return ()
        return tuple(port for port in self.ports if port.protocol != "tcp")

    @property
    def slotted(self) -> bool:
        """Whether its objects exist once for each slot."""
        return self.kind == "microservice"

    def containers(self) -> Iterator[Container]:
        """Yield the init containers and the sidecars."""
        yield from (*self.init, *self.sidecars)

    def port(self, name: str | None) -> Port | None:
        """Return the port of that name, or the first port if `name` is None. Returns None if there is no such port."""
        return next((port for port in self.ports if name in (None, port.name)), None)

    def written(self) -> Json:
        """Return the spec as a release keeps it: the fields that were set, and the version of the format."""
        return {"schema": SCHEMA, **super().written()}

    @field_validator("name")
    @classmethod
    def _no_slot_name(cls, name: str) -> str:
        if name.endswith(("-blue", "-green", "-grpc")):
            raise ValueError(
                f"must not end in '-blue', '-green' or '-grpc', which name slots and routes, got {name!r}; rename it"
            )
        if name in FILES:
            raise ValueError(f"must not be one of {', '.join(FILES)}, which name files of releases/; rename it")
        if len(name) > 40:
            raise ValueError(
                f"must have at most 40 characters, as suffixes are added to it, got {len(name)}; shorten it"
            )
        return name

    @field_validator("env")
    @classmethod
    def _no_plain_secrets(cls, env: Json) -> Json:
        refuse_plain_secrets(env)
        return env

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if found := list(disagreements(self)):
            raise Wrong(found)
        return self


__all__ = ["DATABASE_KEYS", "Database", "Kind", "Patch", "Schedule", "Service"]


def change_of_kind(before: Service, after: Service) -> str:
    """Return why `after` cannot replace `before`, or an empty string if it can. A service keeps its kind."""
    if before.kind == after.kind:
        return ""
    return f"{before.name} is a {before.kind} and would become a {after.kind}"
