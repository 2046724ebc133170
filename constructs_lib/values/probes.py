"""How Kubernetes asks a container whether it started, whether it is ready, and whether it lives."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .base import Int, Many, PlainText, PortName, Value
from .text import ProbePath

Tries = Annotated[Int, Field(ge=1, le=600)]


class Probe(Value):
    """One question to a container. Make it with `Probe.http`, `Probe.grpc`, `Probe.tcp` or `Probe.exec`."""

    kind: Literal["http", "grpc", "tcp", "exec"]
    """How it asks."""
    port: PortName | None = None
    """The name of the port; the service's first port when not given."""
    path: ProbePath | None = None
    """For `http`: the path that answers 200 to 399."""
    service: PlainText | None = None
    """For `grpc`: the name in the health checking protocol."""
    command: Many[PlainText] = ()
    """For `exec`: the program and its arguments."""
    period_seconds: Tries | None = None
    """Seconds from one question to the next."""
    timeout_seconds: Tries | None = None
    """Seconds that an answer may take."""
    failures: Tries | None = None
    """Wrong answers in a row that make it fail."""
    delay_seconds: Annotated[Int, Field(ge=0, le=3600)] | None = None
    """Seconds from the start of the container to the first question."""

    @classmethod
    def http(cls, path: str, port: str | None = None, **tuning: int) -> Probe:
        """Ready when a GET of `path` answers 200 to 399."""
        return cls(kind="http", path=path, port=port, **tuning)

    @classmethod
    def grpc(cls, service: str | None = None, port: str | None = None, **tuning: int) -> Probe:
        """Ready when the gRPC health checking protocol answers SERVING."""
        return cls(kind="grpc", service=service, port=port, **tuning)

    @classmethod
    def tcp(cls, port: str | None = None, **tuning: int) -> Probe:
        """Ready when a TCP connection is accepted."""
        return cls(kind="tcp", port=port, **tuning)

    @classmethod
    def exec(cls, *command: str, **tuning: int) -> Probe:
        """Ready when the program ends with 0."""
        return cls(kind="exec", command=command, **tuning)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.kind == "http") != (self.path is not None):
            raise ValueError("a path belongs to an http probe, and only to it: Probe.http('/ready')")
        if (self.kind == "exec") != bool(self.command):
            raise ValueError("a command belongs to an exec probe, and only to it: Probe.exec('check')")
        if self.service is not None and self.kind != "grpc":
            raise ValueError("a service belongs to a grpc probe only: Probe.grpc('name')")
        if self.kind == "exec" and self.port:
            raise ValueError(f"an exec probe has no port, got port {self.port!r}; leave it out")
        return self

    def asks_the_same(self, other: Probe) -> bool:
        """Whether both ask the same question the same number of times: then a busy pod is restarted, not spared."""
        return self == other
