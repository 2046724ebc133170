"""A service: one microservice, described once, the same for every environment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from .base import SCHEMA, ImageRepository, Int, Line, Name, PlainText, Reason, Seconds, Value, twice
from .container import Claim, Config, ConfigKey, Container, Env, Port, Secret, SecretKey, Volume
from .plain_secrets import refuse_plain_secrets, refuse_secret_text
from .probes import Probe
from .resources import Resources, SizeName
from .scale import Scale
from .traffic import Dependency, ExternalRoute, Metrics, Outside, Permission, Route, Shutdown

Kind = Literal["microservice", "worker", "scheduled-job", "stateful"]


class Database(Value):
    """A PostgreSQL database of the service's own. Its address and password arrive as the secret `database`."""

    name: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$", strict=True)]
    owner: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$", strict=True)]
    extensions: tuple[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$", strict=True)], ...] = ()


DATABASE_KEYS = ("uri", "host", "port", "dbname", "username", "password")
"""Keys of the secret `database`."""


class Schedule(Value):
    """When a job runs."""

    cron: Annotated[str, Field(pattern=r"^(@(hourly|daily|weekly|monthly|yearly)|(\S+ ){4}\S+)$", strict=True)]
    """Five fields, or `@daily` and the like."""
    time_zone: Line = "Etc/UTC"
    overlap: Literal["Forbid", "Allow", "Replace"] = "Forbid"
    """What happens when one still runs at the time of the next."""
    deadline_seconds: Annotated[Seconds, Field(ge=1)] = 3600
    """Seconds after which a run is ended."""
    retries: Annotated[Int, Field(ge=0, le=20)] = 2


class Patch(Value):
    """The escape hatch: changes one field of one rendered object. The rules still see the result."""

    kind: PlainText
    """The kind of the object, as `Deployment`."""
    path: Annotated[str, Field(pattern=r"^(/[^/]+)+$", strict=True)]
    """A JSON pointer, as `/spec/template/spec/hostname`. Source: RFC 6901."""
    reason: Reason
    """Why no field of the service says this."""
    op: Literal["add", "replace", "remove"] = "add"
    value: Any = None
    name: Name | None = None
    """The object's name; every object of the kind when not given."""

    @field_validator("value")
    @classmethod
    def _no_secret(cls, value: object) -> object:
        refuse_secret_text("the value", str(value))
        return value


def _as_dependency(item: object) -> object:
    return {"service": item} if isinstance(item, str) else item


def _as_mapping(value: Any) -> Any:
    if isinstance(value, dict) and value.get("schema", SCHEMA) != SCHEMA:
        raise ValueError(f"schema must be {SCHEMA}, got {value['schema']!r}; a newer platform wrote it")
    return {k: v for k, v in value.items() if k != "schema"} if isinstance(value, dict) else value


class Service(Value):
    """One microservice. What cannot be guessed must be said; all else has a safe default.

    With `schedule` it is a scheduled job, with `claims` it is stateful, with `ports` it is a microservice,
    and otherwise a worker.
    """

    name: Name
    owner: Name
    """The team that is asked and alerted."""
    image: ImageRepository
    """The repository of its images; a release adds the digest."""
    ports: tuple[Port, ...] = ()
    """What it listens on, the most important one first."""
    description: Line = ""
    tier: Literal[1, 2, 3] = 2
    """1: the business stops without it. 2: customers notice. 3: nobody notices for an hour."""
    repository: Line = ""
    """The address of its source."""
    runbook: Line = ""
    """The address of the page that says what to do at night."""

    command: tuple[PlainText, ...] = ()
    args: tuple[PlainText, ...] = ()
    env: Env = {}
    configs: tuple[Config, ...] = ()
    secrets: tuple[Secret, ...] = ()
    volumes: tuple[Volume, ...] = ()
    init: tuple[Container, ...] = ()
    """Containers that run one after the other before it starts."""
    sidecars: tuple[Container, ...] = ()
    """Containers that run beside it."""
    user: Annotated[Int, Field(gt=10_000, le=2_000_000_000)] = 10_001
    """The UID and GID it runs as; above 10000, so that it is nobody on the node."""

    size: SizeName | Resources = "S"
    """Its CPU and memory: a size that the environment maps, or numbers."""
    scale: SizeName | Scale = "S"
    """How many pods run: a size that the environment maps, or numbers."""
    recommend_resources: bool = False
    """Whether a VerticalPodAutoscaler writes down what it would reserve; it never changes a pod."""
    startup: Probe | None = None
    readiness: Probe | None = None
    liveness: Probe | None = None
    shutdown: Shutdown = Shutdown()

    depends_on: tuple[Annotated[Dependency, BeforeValidator(_as_dependency)], ...] = ()
    outside: tuple[Outside, ...] = ()
    database: Database | None = None
    route: Route | None = Route()
    """How it is reached inside; `None` for a service that is called directly, as a collector."""
    external: ExternalRoute | None = None
    metrics: Metrics | None = None
    telemetry: bool = True
    """Whether it gets the OpenTelemetry variables and may reach the collector."""
    permissions: tuple[Permission, ...] = ()

    claims: tuple[Claim, ...] = ()
    schedule: Schedule | None = None
    patches: tuple[Patch, ...] = ()

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
        if len(name) > 40:
            raise ValueError(f"must have at most 40 characters, as suffixes are added to it, got {len(name)}")
        return name

    @field_validator("env")
    @classmethod
    def _no_plain_secrets(cls, env: dict[str, Any]) -> dict[str, Any]:
        refuse_plain_secrets(env)
        return env

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for check in _CHECKS:
            check(self)
        return self


def _names_are_unique(service: Service) -> None:
    named = {
        "ports": [port.name for port in service.ports],
        "port numbers": [str(port.number) for port in service.ports],
        "configs": [config.name for config in service.configs],
        "secrets": [secret.name for secret in service.secrets],
        "claims": [claim.name for claim in service.claims],
        "containers": [service.name, *(container.name for container in service.containers())],
        "depends_on": [f"{each.service}:{each.port or ''}" for each in service.depends_on],
        "mount paths": [
            *(config.mount for config in service.configs if config.mount),
            *(secret.mount for secret in service.secrets if secret.mount),
            *(volume.path for volume in service.volumes),
            *(claim.path for claim in service.claims),
            "/tmp",
        ],
    }  # fmt: skip
    for what, names in named.items():
        if name := twice(names):
            raise ValueError(f"{what} must differ from each other, got {name!r} twice; rename one")


def _kind_is_clear(service: Service) -> None:
    if service.schedule and (service.ports or service.claims):
        raise ValueError("a scheduled job has neither ports nor claims; make it a service of its own")
    if not service.routed and service.external:
        raise ValueError("an external route needs a route inside and an http or grpc port; add Port.http(8080)")
    if service.schedule and (service.readiness or service.liveness or service.startup):
        raise ValueError("a scheduled job ends by itself and has no probes; use schedule.deadline_seconds")
    if service.kind == "stateful" and not isinstance(service.scale, str) and not service.scale.is_fixed:
        raise ValueError("a stateful service has a fixed number of pods, as Scale.fixed(3)")


def _routed_ports_are_clear(service: Service) -> None:
    if service.kind != "microservice" or service.route is None or not service.routed:
        return
    if len(service.routed) != len(service.ports):
        raise ValueError("a tcp port cannot be routed: say route=None, or move it to a service of its own")
    http = [port.name for port in service.routed if port.protocol != "grpc"]
    grpc = [port.name for port in service.routed if port.protocol == "grpc"]
    if len(http) > 1 or len(grpc) > 1:
        raise ValueError(
            f"a routed service has at most one http and one grpc port, got {', '.join(http + grpc)}; "
            f"say route=None or make two services"
        )
    if service.external and service.external.port and not service.port(service.external.port):
        raise ValueError(f"external.port must be one of its ports, got {service.external.port!r}")


def _probes_differ(service: Service) -> None:
    ready, live = service.readiness, service.liveness
    if ready and live and live.asks_the_same(ready):
        raise ValueError(
            "readiness and liveness must not be identical: a busy pod would be restarted instead of spared; "
            "leave liveness out, or give it more failures"
        )
    for what, probe in (("startup", service.startup), ("readiness", ready), ("liveness", live)):
        if probe and probe.kind != "exec" and not service.port(probe.port) and service.kind != "scheduled-job":
            raise ValueError(f"the {what} probe asks port {probe.port or 'first'!r}, which is not one of its ports")


def _references_exist(service: Service) -> None:
    configs = {config.name: set(config.data) for config in service.configs}
    secrets = {secret.name: set(secret.keys) for secret in service.secrets}
    if service.database:
        secrets["database"] = set(DATABASE_KEYS)
    for env in (service.env, *(container.env for container in service.containers())):
        for variable, value in env.items():
            if isinstance(value, SecretKey) and value.key not in secrets.get(value.secret, ()):
                raise ValueError(f"env {variable} names the secret {value.secret}/{value.key}, which is not in secrets")
            if isinstance(value, ConfigKey) and value.key not in configs.get(value.config, ()):
                raise ValueError(f"env {variable} names the config {value.config}/{value.key}, which is not in configs")


def _no_secret_in_text(service: Service) -> None:
    for config in service.configs:
        for key, text in config.data.items():
            refuse_secret_text(f"the config {config.name}/{key}", text)
    for container in service.containers():
        for text in (*container.command, *container.args):
            refuse_secret_text(f"{container.name}: a command or argument", text)
    for text in (*service.command, *service.args):
        refuse_secret_text("a command or argument", text)


def _does_not_depend_on_itself(service: Service) -> None:
    if any(each.service == service.name for each in service.depends_on):
        raise ValueError(f"depends_on must name other services, got {service.name!r} itself")


_CHECKS = (
    _names_are_unique,
    _kind_is_clear,
    _routed_ports_are_clear,
    _probes_differ,
    _references_exist,
    _no_secret_in_text,
    _does_not_depend_on_itself,
)
__all__ = ["DATABASE_KEYS", "Database", "Kind", "Patch", "Schedule", "Service"]
