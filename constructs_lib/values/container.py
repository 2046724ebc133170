"""The contents of a pod: environment variables, configuration, volumes, ports, and additional containers."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import Field, Tag, field_validator, model_validator

from .base import (
    FileName,
    FilePath,
    Image,
    Int,
    Line,
    Many,
    Name,
    PlainText,
    PortName,
    PortNumber,
    Reason,
    Value,
    VariableName,
    one_of,
    shown,
)
from .data import Json
from .plain_secrets import refuse_plain_secrets, refuse_secret_text
from .probes import Probe
from .resources import Quantity, Size


class SecretKey(Value):
    """An environment variable whose value is one key of a secret of this service."""

    secret: Name
    """The name of one of the service's `secrets`, or `database`."""
    key: FileName
    """A key of that secret."""


class ConfigKey(Value):
    """An environment variable whose value is one key of a config of this service."""

    config: Name
    """The name of one of the service's `configs`."""
    key: FileName
    """A key of that config."""


class FieldOf(Value):
    """An environment variable whose value is a field of the pod: `metadata.name`, `status.podIP`, …"""

    field: Literal[
        "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "status.podIP", "status.hostIP"
    ]
    """The field of the pod."""


class Public(Value):
    """A plain value that looks like a secret but is not one. Give the reason."""

    public: PlainText
    """The value."""
    reason: Reason
    """Why the value is not a secret."""


_BY_FIELD = {"secret": "SecretKey", "config": "ConfigKey", "field": "FieldOf", "public": "Public"}


def _env_kind(value: object) -> str | None:
    if isinstance(value, str):
        return "\0text"
    if isinstance(value, int) and not isinstance(value, bool):
        return "\0number"
    if isinstance(value, dict):
        return next(("\0" + kind for field, kind in _BY_FIELD.items() if field in value), None)
    return "\0" + type(value).__name__ if type(value).__name__ in _BY_FIELD.values() else None


EnvValue = Annotated[
    Annotated[PlainText, Tag("\0text")]
    | Annotated[Int, Field(ge=-(2**63), lt=2**63), Tag("\0number")]
    | Annotated[SecretKey, Tag("\0SecretKey")]
    | Annotated[ConfigKey, Tag("\0ConfigKey")]
    | Annotated[FieldOf, Tag("\0FieldOf")]
    | Annotated[Public, Tag("\0Public")],
    one_of("a string, a whole number, SecretKey(…), ConfigKey(…), FieldOf(…) or Public(…)", _env_kind),
]
Env = dict[VariableName, EnvValue]


_LARGEST_CONFIG = 1_000_000


def _with_prefix(name: str) -> str:
    if len(name) > 56:
        raise ValueError(f"must have at most 56 characters, as prefixes are added to it, got {len(name)}; shorten it")
    return name


class Config(Value):
    """Configuration in a ConfigMap. Its name contains a hash of its content, so a change restarts the pods."""

    name: Name
    """Its name, unique among the `configs` of the service."""
    data: dict[FileName, PlainText]
    """The content: a string for each key or file name."""
    mount: FilePath | None = None
    """The folder in which every key is a file. Without it, only `ConfigKey` can read the config."""

    _short = field_validator("name")(_with_prefix)

    @field_validator("data")
    @classmethod
    def _fits(cls, data: dict[str, str]) -> dict[str, str]:
        size = sum(len(key) + len(text.encode()) for key, text in data.items())
        if size > _LARGEST_CONFIG:
            raise ValueError(
                f"must have at most {_LARGEST_CONFIG} bytes, got {size}; put it into the image or a volume"
            )
        for key, text in data.items():
            refuse_secret_text(key, text)
        return data


class Secret(Value):
    """A reference to entries of the environment's secret store. The secret itself is never in Git."""

    name: Name
    """Its name, unique among the `secrets` of the service."""
    keys: dict[FileName, Line]
    """The keys of the Secret, and the store's entry for each: `payment/api` or `payment/api#token`."""
    mount: FilePath | None = None
    """The folder in which every key is a file."""

    @field_validator("name")
    @classmethod
    def _not_reserved(cls, name: str) -> str:
        if name == "database":
            raise ValueError("must not be 'database', the secret of the service's own database; rename it")
        return _with_prefix(name)

    @field_validator("keys")
    @classmethod
    def _are_references(cls, keys: dict[str, str]) -> dict[str, str]:
        if not keys:
            raise ValueError("must name at least one key, as keys={'token': 'payment/api#token'}")
        for key, entry in keys.items():
            refuse_secret_text(key, entry, "name the entry of the secret store that holds it")
            if not entry.partition("#")[0].strip():
                raise ValueError(f"{key} must name an entry of the secret store, as 'payment/api#token'")
        return keys


class Volume(Value):
    """Storage that lives as long as its pod. Make it with `Volume.scratch` or `Volume.memory`."""

    path: FilePath
    """The folder where every container mounts it."""
    size: Quantity
    """Its size, such as `500Mi`."""
    medium: Literal["disk", "memory"] = "disk"
    """Where the data is kept: on the node's disk or in memory."""

    @classmethod
    def scratch(cls, path: str, size: str) -> Volume:
        """Make writable storage on the node's disk."""
        return cls(path=path, size=size)

    @classmethod
    def memory(cls, path: str, size: str) -> Volume:
        """Make writable storage in memory. It counts towards the container's memory limit."""
        return cls(path=path, size=size, medium="memory")


_OTHER_VOLUMES = re.compile(r"tmp\Z|scratch-|config-|secret-")


class Claim(Value):
    """Storage that outlives its pod. Each replica of a stateful service gets its own."""

    name: Name
    """The name of the claim and of its volume."""
    path: FilePath
    """The folder where the main container mounts it."""
    size: Quantity
    """Its size, such as `10Gi`."""
    storage_class: Name | None = None
    """Its storage class. Default: `storage_class` of the environment."""

    @field_validator("name")
    @classmethod
    def _not_another_volume(cls, name: str) -> str:
        if _OTHER_VOLUMES.match(name):
            raise ValueError(
                f"must not be 'tmp' nor begin with 'scratch-', 'config-' or 'secret-', which name other volumes, "
                f"got {shown(name)}; rename it"
            )
        return name


class Port(Value):
    """A port that the container listens on. Make it with `Port.http`, `Port.grpc` or `Port.tcp`."""

    number: PortNumber
    """The port number that the container listens on."""
    protocol: Literal["http", "h2c", "grpc", "tcp"]
    """The protocol of the port."""
    name: PortName
    """The name by which probes and callers choose the port."""

    @classmethod
    def http(cls, number: int, name: str = "http") -> Port:
        """Make a port for HTTP/1.1, including WebSocket."""
        return cls(number=number, protocol="http", name=name)

    @classmethod
    def h2c(cls, number: int, name: str = "http") -> Port:
        """Make a port for HTTP/2 without TLS."""
        return cls(number=number, protocol="h2c", name=name)

    @classmethod
    def grpc(cls, number: int, name: str = "grpc") -> Port:
        """Make a port for gRPC without TLS."""
        return cls(number=number, protocol="grpc", name=name)

    @classmethod
    def tcp(cls, number: int, name: str = "tcp") -> Port:
        """Make a port for any other protocol. Callers connect to it directly, never through a gateway."""
        return cls(number=number, protocol="tcp", name=name)


class Container(Value):
    """A container beside the main one: an init container or a sidecar.

    A sidecar starts before the main container and ends after it.
    """

    name: Name
    """Its name. It must differ from the name of the service."""
    image: Image
    """Its image by digest. It belongs to the spec: a deploy sets only the main container's image."""
    command: Many[PlainText] = ()
    """The program. Default: the entry point of the image."""
    args: Many[PlainText] = ()
    """The arguments of the program."""
    env: Env = {}
    """Environment variables, in addition to those that every container gets."""
    size: Size = "S"
    """Its CPU and memory: a size that the environment defines, or explicit `Resources`."""
    ports: Many[Port] = ()
    """The ports that it listens on, for probes and metrics."""
    readiness: Probe | None = None
    """For a sidecar: the pod is ready only while this probe succeeds."""

    @field_validator("env")
    @classmethod
    def _no_plain_secrets(cls, env: Json) -> Json:
        refuse_plain_secrets(env)
        return env

    @model_validator(mode="after")
    def _probe_has_port(self) -> Self:
        if self.readiness and self.readiness.kind != "exec" and not self.ports:
            raise ValueError(f"a {self.readiness.kind} probe needs a port; add one to the ports of {self.name}")
        return self
