"""How a service is reached, and which destinations it may reach."""

from __future__ import annotations

import ipaddress
from string import Formatter
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from .base import (
    Bool,
    Host,
    Int,
    Line,
    Many,
    Name,
    PlainText,
    PortName,
    PortNumber,
    Reason,
    Seconds,
    UrlPath,
    Value,
    VariableName,
    shown,
    twice,
)
from .plain_secrets import refuse_plain_secrets, refuse_secret_text
from .text import HeaderName, HeaderValue


class Match(Value):
    """The conditions of a route. A request matches if it meets all of them."""

    path: UrlPath = "/"
    """The path. Paths below it match too, unless `exact` is set."""
    exact: Bool = False
    """Whether only the path itself matches, without the paths below it."""
    headers: dict[HeaderName, HeaderValue] = {}
    """The required headers, each with its exact value."""
    method: Literal["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"] | None = None
    """The HTTP method. Default: any method."""

    @field_validator("headers")
    @classmethod
    def _no_secret(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            refuse_secret_text(name, value, "a route is no place for it; let the service check it")
        return headers


class Retries(Value):
    """When a gateway retries a request."""

    attempts: Annotated[Int, Field(ge=1, le=10)] = 2
    """The number of retries."""
    statuses: Many[Annotated[Int, Field(ge=400, le=599)]] = (503,)
    """The HTTP statuses after which it retries. It always retries after a failed connection."""
    per_try_seconds: Annotated[Seconds, Field(ge=1)] | None = None
    """The timeout of each try, in seconds. Default: only the timeout of the whole request applies."""


class Route(Value):
    """How the internal gateway reaches the service. Every HTTP and gRPC service has a route by default."""

    matches: Many[Match] = (Match(),)
    """The requests that the route accepts. A request needs to match one of them."""
    timeout_seconds: Seconds = 15
    """The timeout of a request, in seconds. Use 0 for WebSocket, server-sent events and streams, which do not end."""
    retries: Retries | None = None
    """When the gateway retries a request. Default: never."""

    @field_validator("matches")
    @classmethod
    def _some(cls, matches: Many[Match]) -> Many[Match]:
        if not matches:
            raise ValueError("must hold at least one Match(); the default takes every path")
        return matches


class ExternalRoute(Route):
    """How the service is reached from outside the cluster, in addition to its internal route."""

    hosts: Many[Host]
    """The host names without the domain. The environment adds its domain: `shop` becomes `shop.example.com`."""
    port: PortName | None = None
    """The name of the port that gets the requests. Default: the first routed port."""

    @field_validator("hosts")
    @classmethod
    def _hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        if not hosts:
            raise ValueError("must name at least one host, as hosts=['shop']")
        if host := twice(hosts):
            raise ValueError(f"must differ from each other, got {shown(host)} twice")
        return hosts


def _is_template(text: str) -> bool:
    try:
        fields = [(name, form, conversion) for _, name, form, conversion in Formatter().parse(text) if name is not None]
    except ValueError:
        return False
    return all(name in ("host", "port", "address") and not form and not conversion for name, form, conversion in fields)


class Dependency(Value):
    """Another service that this service calls. An environment variable holds its address."""

    service: Name
    """The name of the service to call."""
    port: PortName | None = None
    """The name of the port. Default: the first port."""
    env: dict[VariableName, PlainText] = {}
    """Environment variables with `{host}`, `{port}` or `{address}`. Default: `<SERVICE>_ADDR` with the address."""
    cycle: Reason | None = None
    """Why this dependency may be part of a cycle."""
    upward: Reason | None = None
    """Why this internal service may call a service that is reachable from outside."""

    @field_validator("env")
    @classmethod
    def _templates(cls, env: dict[str, str]) -> dict[str, str]:
        for variable, template in env.items():
            if not _is_template(template):
                raise ValueError(
                    f"{variable} may use {{host}}, {{port}} and {{address}} only; write '{{{{' for a brace"
                )
        refuse_plain_secrets(env)
        return env

    def variables(self, host: str, port: int) -> dict[str, str]:
        """Return the environment variables that hold the address."""
        default = {self.service.upper().replace("-", "_") + "_ADDR": "{address}"}
        address = f"{host}:{port}"
        return {k: t.format(host=host, port=port, address=address) for k, t in (self.env or default).items()}


def _is_range(text: str) -> bool:
    try:
        return "%" not in text and str(ipaddress.ip_network(text)) == text
    except ValueError:
        return False


class Outside(Value):
    """A destination outside the cluster that the service may connect to."""

    name: Name
    """A name for the destination."""
    cidrs: Many[Line]
    """Its address ranges, such as `203.0.113.0/24`."""
    ports: Many[PortNumber] = (443,)
    """Its ports."""

    @field_validator("cidrs")
    @classmethod
    def _ranges(cls, cidrs: tuple[str, ...]) -> tuple[str, ...]:
        if not cidrs:
            raise ValueError("must name at least one address range, as cidrs=['203.0.113.0/24']")
        for cidr in cidrs:
            if not _is_range(cidr):
                raise ValueError(f"must be address ranges such as '203.0.113.0/24', got {shown(cidr)}")
        return cidrs


class Metrics(Value):
    """Where Prometheus reads the service's metrics."""

    port: PortNumber
    """The number of the port."""
    path: UrlPath = "/metrics"
    """The path of the metrics."""
    interval_seconds: Annotated[Seconds, Field(ge=5)] = 30
    """Seconds between two scrapes."""


class Shutdown(Value):
    """How a pod shuts down. First gateways stop sending requests, then the pod completes its open requests."""

    drain_seconds: Annotated[Seconds, Field(ge=1)] = 10
    """Seconds in which the pod still accepts requests, until every gateway has removed it."""
    finish_seconds: Annotated[Seconds, Field(ge=1)] = 20
    """Seconds that the pod then has to complete its open requests."""

    @property
    def grace_seconds(self) -> int:
        """Seconds until Kubernetes kills the pod."""
        return self.drain_seconds + self.finish_seconds


class Permission(Value):
    """A permission of the service in the Kubernetes API, in its own namespace."""

    resources: Many[PlainText]
    """Kinds in the plural, such as `configmaps`."""
    verbs: Many[Literal["get", "list", "watch", "create", "update", "patch", "delete"]]
    """The allowed verbs."""
    api_groups: Many[PlainText] = ("",)
    """The API groups of the kinds. The core group is the empty string."""
    names: Many[PlainText] = ()
    """The names of the objects. Default: all objects of the kinds."""

    @model_validator(mode="after")
    def _narrow(self) -> Self:
        if not self.resources or not self.verbs or "*" in (*self.resources, *self.api_groups):
            raise ValueError("must name resources and verbs one by one, never '*'")
        return self
