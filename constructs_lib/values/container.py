"""What runs in a pod: environment variables, configuration, volumes, and the containers beside the main one."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from .base import FilePath, Image, Int, Line, Name, PlainText, PortName, PortNumber, Reason, Value, VariableName
from .plain_secrets import refuse_plain_secrets
from .probes import Probe
from .resources import Quantity, Resources, SizeName

FileName = Annotated[str, Field(pattern=r"^[-._a-zA-Z0-9]{1,253}$", strict=True)]


class SecretKey(Value):
    """An environment variable whose value is one key of a secret of this service."""

    secret: Name
    """The name of one of the service's `secrets`, or `database`."""
    key: FileName


class ConfigKey(Value):
    """An environment variable whose value is one key of a config of this service."""

    config: Name
    """The name of one of the service's `configs`."""
    key: FileName


class FieldOf(Value):
    """An environment variable whose value Kubernetes knows: `metadata.name`, `status.podIP`, …"""

    field: Literal[
        "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "status.podIP", "status.hostIP"
    ]


class Public(Value):
    """A plain value that looks like a secret and is none; says why."""

    public: PlainText
    reason: Reason


EnvValue = PlainText | Int | SecretKey | ConfigKey | FieldOf | Public
Env = dict[VariableName, EnvValue]


class Config(Value):
    """Configuration in a ConfigMap whose name carries a hash of its content, so that a change rolls the pods."""

    name: Name
    data: dict[FileName, PlainText]
    """Keys, or file names, and their text."""
    mount: FilePath | None = None
    """The folder in which every key is a file; only `ConfigKey` reads it when not given."""


class Secret(Value):
    """A reference to entries of the environment's secret store; the text itself is never in Git."""

    name: Name
    keys: dict[FileName, Line]
    """Keys of the Secret, and where each stands in the store: `payment/api` or `payment/api#token`."""
    mount: FilePath | None = None
    """The folder in which every key is a file."""

    @field_validator("name")
    @classmethod
    def _not_reserved(cls, name: str) -> str:
        if name == "database":
            raise ValueError("the name 'database' is the secret of the service's own database; choose another")
        return name


class Volume(Value):
    """Space that lives as long as its pod. Make it with `Volume.scratch` or `Volume.memory`."""

    path: FilePath
    size: Quantity
    medium: Literal["disk", "memory"] = "disk"

    @classmethod
    def scratch(cls, path: str, size: str) -> Volume:
        """Writable space on the node's disk."""
        return cls(path=path, size=size)

    @classmethod
    def memory(cls, path: str, size: str) -> Volume:
        """Writable space in memory; it counts against the container's memory."""
        return cls(path=path, size=size, medium="memory")


class Claim(Value):
    """Space that outlives its pod, one for each replica of a stateful service."""

    name: Name
    path: FilePath
    size: Quantity
    storage_class: Name | None = None
    """The environment's default when not given."""


class Port(Value):
    """A port that the container listens on. Make it with `Port.http`, `Port.grpc` or `Port.tcp`."""

    number: PortNumber
    protocol: Literal["http", "h2c", "grpc", "tcp"]
    name: PortName

    @classmethod
    def http(cls, number: int, name: str = "http") -> Port:
        """HTTP/1.1, WebSocket included."""
        return cls(number=number, protocol="http", name=name)

    @classmethod
    def h2c(cls, number: int, name: str = "http") -> Port:
        """HTTP/2 without TLS."""
        return cls(number=number, protocol="h2c", name=name)

    @classmethod
    def grpc(cls, number: int, name: str = "grpc") -> Port:
        """gRPC without TLS."""
        return cls(number=number, protocol="grpc", name=name)

    @classmethod
    def tcp(cls, number: int, name: str = "tcp") -> Port:
        """Anything else: it is reached directly, never through a gateway."""
        return cls(number=number, protocol="tcp", name=name)


class Container(Value):
    """A container beside the main one: an init container, or a sidecar that starts before it and ends after it."""

    name: Name
    image: Image
    command: tuple[PlainText, ...] = ()
    args: tuple[PlainText, ...] = ()
    env: Env = {}
    size: SizeName | Resources = "S"
    ports: tuple[Port, ...] = ()
    readiness: Probe | None = None
    """For a sidecar: the pod is ready only when it is."""

    @field_validator("env")
    @classmethod
    def _no_plain_secrets(cls, env: dict[str, Any]) -> dict[str, Any]:
        refuse_plain_secrets(env)
        return env

    @model_validator(mode="after")
    def _probe_has_port(self) -> Self:
        if self.readiness and self.readiness.kind != "exec" and not self.ports:
            raise ValueError(f"{self.name}: a {self.readiness.kind} probe needs a port; add one to ports")
        return self
