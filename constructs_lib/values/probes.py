"""How Kubernetes checks whether a container has started, is ready, and is alive."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .base import Int, Many, PlainText, PortName, Value
from .text import ProbePath

Tries = Annotated[Int, Field(ge=1, le=600)]


class Probe(Value):
    """A check of a container. Make it with `Probe.http`, `Probe.grpc`, `Probe.tcp` or `Probe.exec`."""

    kind: Literal["http", "grpc", "tcp", "exec"]
    """How the container is checked."""
    port: PortName | None = None
    """The name of the port. Default: the first port of the service."""
    path: ProbePath | None = None
    """For `http`: the path. A response with status 200 to 399 is a success."""
    service: PlainText | None = None
    """For `grpc`: the service name in the health checking protocol."""
    command: Many[PlainText] = ()
    """For `exec`: the program and its arguments."""
    period_seconds: Tries | None = None
    """Seconds between two checks."""
    timeout_seconds: Tries | None = None
    """Seconds until a check without a response fails."""
    failures: Tries | None = None
    """The number of consecutive failed checks after which the probe fails."""
    delay_seconds: Annotated[Int, Field(ge=0, le=3600)] | None = None
    """Seconds from the start of the container to the first check."""

    @classmethod
    def http(cls, path: str, port: str | None = None, **tuning: int) -> Probe:
        """Make a probe that succeeds when a GET of `path` returns a status of 200 to 399."""
        return cls(kind="http", path=path, port=port, **tuning)

    @classmethod
    def grpc(cls, service: str | None = None, port: str | None = None, **tuning: int) -> Probe:
        """Make a probe that succeeds when the gRPC health checking protocol returns SERVING."""
        return cls(kind="grpc", service=service, port=port, **tuning)

    @classmethod
    def tcp(cls, port: str | None = None, **tuning: int) -> Probe:
        """Make a probe that succeeds when the port accepts a TCP connection."""
        return cls(kind="tcp", port=port, **tuning)

    @classmethod
    def exec(cls, *command: str, **tuning: int) -> Probe:
        """Make a probe that succeeds when the program exits with 0."""
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
        """Return whether both probes are identical.

        With identical readiness and liveness probes, Kubernetes restarts a busy pod instead of sparing it.
        """
        return self == other
