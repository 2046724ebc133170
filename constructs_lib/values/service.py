"""A service: one microservice, described once, the same for every environment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from .base import SCHEMA, Bool, ImageRepository, Int, Line, Many, Name, PlainText, Value, Wrong, shown
from .consistency import DATABASE_KEYS, disagreements
from .container import Claim, Config, Container, Env, Port, Secret, Volume
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
    """A PostgreSQL database of the service's own. Its address and password arrive as the secret `database`."""

    name: _SqlName
    """The database's name."""
    owner: _SqlName
    """The role that owns it, and that the service uses."""
    extensions: Many[
        Annotated[str, Form(r"^[a-z][a-z0-9_-]{0,62}$", "the name of an extension, such as 'vector'")]
    ] = ()
    """Extensions that are created in it."""


def _as_dependency(item: object) -> object:
    return {"service": item} if isinstance(item, str) else item


def _as_mapping(value: Any) -> Any:
    if isinstance(value, dict) and value.get("schema", SCHEMA) != SCHEMA:
        raise ValueError(f"schema must be {SCHEMA}, got {shown(value['schema'])}; a newer platform wrote it")
    return {k: v for k, v in value.items() if k != "schema"} if isinstance(value, dict) else value


_FILES = ("platform", "holds", "rollouts")


class Service(Value):
    """One microservice. What cannot be guessed must be said; all else has a safe default.

    With `schedule` it is a scheduled job, with `claims` it is stateful, with `ports` it is a microservice,
    and otherwise a worker.
    """

    stands_alone: ClassVar[bool] = True

    name: Name
    """Its name, the same everywhere."""
    owner: Name
    """The team that is asked and alerted."""
    image: ImageRepository
    """The repository of its images; a release adds the digest."""
    ports: Many[Port] = ()
    """What it listens on, the most important one first."""
    description: Line = ""
    """What it is for, in a line."""
    tier: Exactly[Literal[1, 2, 3]] = 2
    """1: the business stops without it. 2: customers notice. 3: nobody notices for an hour."""
    repository: Line = ""
    """The address of its source."""
    runbook: Line = ""
    """The address of the page that says what to do at night."""

    command: Many[PlainText] = ()
    """The program; the image's own when not given."""
    args: Many[PlainText] = ()
    """The arguments of the program."""
    env: Env = {}
    """Environment variables: text, numbers, or references."""
    configs: Many[Config] = ()
    """ConfigMaps of its own."""
    secrets: Many[Secret] = ()
    """References to its secrets."""
    volumes: Many[Volume] = ()
    """Space that it may write to, beside `/tmp`."""
    init: Many[Container] = ()
    """Containers that run one after the other before it starts."""
    sidecars: Many[Container] = ()
    """Containers that run beside it."""
    user: Annotated[Int, Field(gt=10_000, le=2_000_000_000)] = 10_001
    """The UID and GID it runs as; above 10000, so that it is nobody on the node."""

    size: Size = "S"
    """Its CPU and memory: a size that the environment maps, or numbers."""
    scale: Pods = "S"
    """How many pods run: a size that the environment maps, or numbers."""
    recommend_resources: Bool = False
    """Whether a VerticalPodAutoscaler writes down what it would reserve; it never changes a pod."""
    startup: Probe | None = None
    """Asked until it is started; the question of `readiness`, with patience, when not given."""
    readiness: Probe | None = None
    """Whether it may get requests; whether the first port is open when not given."""
    liveness: Probe | None = None
    """Whether it must be restarted; whether the first port is open, asked seldom, when not given."""
    shutdown: Shutdown = Shutdown()
    """How its pods end."""

    depends_on: Many[Annotated[Dependency, BeforeValidator(_as_dependency)]] = ()
    """The services that it calls: the network is opened, and their addresses are written into its environment."""
    outside: Many[Outside] = ()
    """Destinations outside the cluster that it may reach."""
    database: Database | None = None
    """A database of its own."""
    route: Route | None = Route()
    """How it is reached inside; `None` for a service that is called directly, as a collector."""
    external: ExternalRoute | None = None
    """How people outside reach it; nobody does when not given."""
    metrics: Metrics | None = None
    """Where Prometheus reads its metrics."""
    telemetry: Bool = True
    """Whether it gets the OpenTelemetry variables and may reach the collector."""
    permissions: Many[Permission] = ()
    """What it may do with the Kubernetes API; it has no token when not given."""

    claims: Many[Claim] = ()
    """Space that outlives its pods."""
    schedule: Schedule | None = None
    """When it runs; always when not given."""
    patches: Many[Patch] = ()
    """Fields of rendered objects that no other field says."""

    _schema = model_validator(mode="before")(_as_mapping)

    @property
    def kind(self) -> Kind:
        """What it is on Kubernetes."""
        if self.schedule:
            return "scheduled-job"
        if self.claims:
            return "stateful"
        return "microservice" if self.ports else "worker"

    @property
    def routed(self) -> tuple[Port, ...]:
        """The ports that a gateway reaches; none for a service that is called directly."""
        if self.kind != "microservice" or self.route is None:
            return ()
        return tuple(port for port in self.ports if port.protocol != "tcp")

    @property
    def slotted(self) -> bool:
        """Whether its objects carry the name of a slot."""
        return self.kind == "microservice"

    def containers(self) -> Iterator[Container]:
        """The containers beside the main one."""
        yield from (*self.init, *self.sidecars)

    def port(self, name: str | None) -> Port | None:
        """The port of that name, the first one for None; None where there is none."""
        return next((port for port in self.ports if name in (None, port.name)), None)

    def written(self) -> dict[str, Any]:
        """The spec as a release keeps it: only what was set, and the version of this form."""
        return {"schema": SCHEMA, **super().written()}

    @field_validator("name")
    @classmethod
    def _no_slot_name(cls, name: str) -> str:
        if name.endswith(("-blue", "-green", "-grpc")):
            raise ValueError(
                f"must not end in '-blue', '-green' or '-grpc', which name slots and routes, got {name!r}; rename it"
            )
        if name in _FILES:
            raise ValueError(f"must not be one of {', '.join(_FILES)}, which name files of releases/; rename it")
        if len(name) > 40:
            raise ValueError(
                f"must have at most 40 characters, as suffixes are added to it, got {len(name)}; shorten it"
            )
        return name

    @field_validator("env")
    @classmethod
    def _no_plain_secrets(cls, env: dict[str, Any]) -> dict[str, Any]:
        refuse_plain_secrets(env)
        return env

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if found := list(disagreements(self)):
            raise Wrong(found)
        return self


__all__ = ["DATABASE_KEYS", "Database", "Kind", "Patch", "Schedule", "Service"]


def change_of_kind(before: Service, after: Service) -> str:
    """Why one spec cannot take the place of another: a service keeps its kind. Empty where it can."""
    if before.kind == after.kind:
        return ""
    return f"{before.name} is a {before.kind} and would become a {after.kind}"
