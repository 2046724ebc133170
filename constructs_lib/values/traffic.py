"""How a service is reached, and what it reaches."""

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
    """Requests that a route takes: all conditions hold."""

    path: UrlPath = "/"
    """The path, and everything below it."""
    exact: Bool = False
    """The path and nothing below it."""
    headers: dict[HeaderName, HeaderValue] = {}
    """Header names and the exact value of each."""
    method: Literal["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"] | None = None
    """The HTTP method; any when not given."""

    @field_validator("headers")
    @classmethod
    def _no_secret(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            refuse_secret_text(name, value, "a route is no place for it; let the service check it")
        return headers


class Retries(Value):
    """When a gateway asks again."""

    attempts: Annotated[Int, Field(ge=1, le=10)] = 2
    """How often it asks again."""
    statuses: Many[Annotated[Int, Field(ge=400, le=599)]] = (503,)
    """HTTP statuses that are asked again; a connection that failed always is."""
    per_try_seconds: Annotated[Seconds, Field(ge=1)] | None = None
    """Seconds for each try; those of the whole answer when not given."""


class Route(Value):
    """How the gateway inside the cluster reaches the service. Every HTTP and gRPC service has one."""

    matches: Many[Match] = (Match(),)
    """The requests that it takes."""
    timeout_seconds: Seconds = 15
    """Seconds for a whole answer; 0 for WebSocket, server-sent events and streams, which have no end."""
    retries: Retries | None = None
    """When the gateway asks again; never when not given."""

    @field_validator("matches")
    @classmethod
    def _some(cls, matches: Many[Match]) -> Many[Match]:
        if not matches:
            raise ValueError("must hold at least one Match(); the default takes every path")
        return matches


class ExternalRoute(Route):
    """How people outside reach the service, in addition to the route inside."""

    hosts: Many[Host]
    """First labels of the host names; the environment adds its domain: `shop` becomes `shop.example.com`."""
    port: PortName | None = None
    """The port that is reached; the first routed one when not given."""

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
    """Another service that this one calls. Its address is written into the environment; nobody types it."""

    service: Name
    """Its name."""
    port: PortName | None = None
    """The name of the port; the first one when not given."""
    env: dict[VariableName, PlainText] = {}
    """Variables with `{host}`, `{port}` or `{address}`; `<SERVICE>_ADDR` with the address when not given."""
    cycle: Reason | None = None
    """Why this dependency may close a circle."""
    upward: Reason | None = None
    """Why this inside service may call one that people outside reach."""

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
        """The environment variables that carry the address."""
        default = {self.service.upper().replace("-", "_") + "_ADDR": "{address}"}
        address = f"{host}:{port}"
        return {k: t.format(host=host, port=port, address=address) for k, t in (self.env or default).items()}


def _is_range(text: str) -> bool:
    try:
        return "%" not in text and str(ipaddress.ip_network(text)) == text
    except ValueError:
        return False


class Outside(Value):
    """A destination outside the cluster that the service may reach."""

    name: Name
    """What it is called here."""
    cidrs: Many[Line]
    """Address ranges, as `203.0.113.0/24`."""
    ports: Many[PortNumber] = (443,)
    """The ports there."""

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
    """The path."""
    interval_seconds: Annotated[Seconds, Field(ge=5)] = 30
    """Seconds from one reading to the next."""


class Shutdown(Value):
    """How a pod ends: gateways forget it while it still serves, then it finishes what it has begun."""

    drain_seconds: Annotated[Seconds, Field(ge=1)] = 10
    """Seconds in which it still takes requests, until every gateway knows."""
    finish_seconds: Annotated[Seconds, Field(ge=1)] = 20
    """Seconds from then to the end of the last request."""

    @property
    def grace_seconds(self) -> int:
        """Seconds that Kubernetes waits before it kills."""
        return self.drain_seconds + self.finish_seconds


class Permission(Value):
    """What the service may do with the Kubernetes API, in its own namespace."""

    resources: Many[PlainText]
    """Kinds in the plural, as `configmaps`."""
    verbs: Many[Literal["get", "list", "watch", "create", "update", "patch", "delete"]]
    """What may be done with them."""
    api_groups: Many[PlainText] = ("",)
    """Their API groups; the core group is the empty text."""
    names: Many[PlainText] = ()
    """Objects by name; all when not given."""

    @model_validator(mode="after")
    def _narrow(self) -> Self:
        if not self.resources or not self.verbs or "*" in (*self.resources, *self.api_groups):
            raise ValueError("must name resources and verbs one by one, never '*'")
        return self
