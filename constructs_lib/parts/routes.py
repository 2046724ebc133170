"""Creates HTTPRoutes and GRPCRoutes, which split the traffic between the slots of a service.

Source: Gateway API v1. It has no fields for retries, so these use the BackendTrafficPolicy of Envoy Gateway.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from constructs import Construct

from ..values import Match, Port, Problem, Route
from ..values.data import Json
from ..values.resolved_service import ResolvedService
from .labels import meta
from .names import EXTERNAL, GATEWAYS, INTERNAL, inside_hosts, slot_name
from .objects import Manifest

_GROUP = "gateway.networking.k8s.io"


@dataclass(frozen=True)
class Traffic:
    """The stable slot of a service, its new slot during a rollout, and the share of each."""

    stable: ResolvedService
    stable_slot: str
    weights: Mapping[str, int]
    """The share of each slot in percent. The shares add up to 100."""
    candidate: ResolvedService | None = None

    @property
    def specs(self) -> list[ResolvedService]:
        """The specs of both slots, the stable one first."""
        return [self.stable, *([self.candidate] if self.candidate else [])]


def routes(scope: Construct, traffic: Traffic) -> None:
    """Add an internal route for each routed port, and the external route.

    The stable spec defines each route, and the weights split its requests between the slots. If the new spec has
    additional matches, only the new version can serve them. They get a rule of their own, which sends all their
    requests to the new slot while its share is above 0. Matches that the new spec removes stay until it is stable.
    """
    service = traffic.stable.service
    for port in service.routed:
        suffix = "-grpc" if port.protocol == "grpc" and len(service.routed) > 1 else ""
        name = service.name + suffix
        hosts = inside_hosts(name, traffic.stable.placement.namespace)
        _route(scope, traffic, name, port, INTERNAL, "http", hosts, "route")
    if service.external:
        outer = service.external
        reached = next(port for port in service.routed if outer.port in (None, port.name))
        hosts = [f"{host}.{traffic.stable.placement.domain}" for host in outer.hosts]
        _route(scope, traffic, f"{service.name}-external", reached, EXTERNAL, "https", hosts, "external")


def _route(
    scope: Construct,
    traffic: Traffic,
    name: str,
    port: Port,
    gateway: str,
    listener: str,
    hosts: list[str],
    attribute: str,
) -> None:
    route: Route = getattr(traffic.stable.service, attribute)
    later = getattr(traffic.candidate.service, attribute) if traffic.candidate else None
    kind = "GRPCRoute" if port.protocol == "grpc" else "HTTPRoute"
    about = meta(traffic.stable, name)
    Manifest(
        scope,
        f"{_GROUP}/v1",
        kind,
        about,
        spec={
            "parentRefs": [{"name": gateway, "namespace": GATEWAYS, "sectionName": listener}],
            "hostnames": hosts,
            "rules": _rules(traffic, kind, port, route, later),
        },
    )
    if policy := _traffic_policy(kind, route):
        reference = {"group": _GROUP, "kind": kind, "name": name}
        spec = {"targetRefs": [reference], **policy}
        Manifest(scope, "gateway.envoyproxy.io/v1alpha1", "BackendTrafficPolicy", about, spec=spec)


def _rules(traffic: Traffic, kind: str, port: Port, route: Route, later: Route | None) -> list[Json]:
    rules = [_rule(traffic, kind, port, route, route.matches, traffic.weights)]
    added = [match for match in later.matches if match not in route.matches] if later else []
    new_slot = next((slot for slot in traffic.weights if slot != traffic.stable_slot), None)
    if added and later and new_slot and traffic.weights[new_slot] > 0:
        # Only the new version serves these paths. Until finalize, they exist only while its share is above 0.
        rules.append(_rule(traffic, kind, port, later, tuple(added), {new_slot: 100}))
    return rules


def _rule(
    traffic: Traffic, kind: str, port: Port, route: Route, matches: tuple[Match, ...], weights: Mapping[str, int]
) -> Json:
    backends = [
        {"name": slot_name(traffic.stable.service.name, slot), "port": _number(traffic, slot, port), "weight": weight}
        for slot, weight in sorted(weights.items())
        if weight > 0
    ]
    timeouts = {} if kind == "GRPCRoute" else {"timeouts": {"request": f"{route.timeout_seconds}s"}}
    name = traffic.stable.service.name
    return {"matches": [_match(name, kind, each) for each in matches], "backendRefs": backends, **timeouts}


def _number(traffic: Traffic, slot: str, port: Port) -> int:
    """Return the number of the port in a slot, as the new spec may change it. Raises Problem if the port is gone."""
    if slot == traffic.stable_slot or traffic.candidate is None:
        return port.number
    same = [each for each in traffic.candidate.service.routed if (each.protocol == "grpc") == (port.protocol == "grpc")]
    if not same:
        raise Problem(
            f"{traffic.stable.service.name}: the version in {slot} has no {port.protocol} port that is routed, and "
            f"would get {traffic.weights[slot]} % of the requests to it; keep the port until the rollout is closed"
        )
    return same[0].number


def _match(name: str, kind: str, match: Match) -> Json:
    headers = [{"type": "Exact", "name": name, "value": value} for name, value in match.headers.items()]
    listed = {"headers": headers} if headers else {}
    if kind == "GRPCRoute":
        return {**_grpc_method(name, match), **listed}
    path = {"type": "Exact" if match.exact else "PathPrefix", "value": match.path}
    return {"path": path, **listed, **({"method": match.method} if match.method else {})}


def _grpc_method(name: str, match: Match) -> Json:
    service, _, method = match.path[1:].partition("/")
    if "/" in method or match.method:
        raise Problem(
            f"{name}: a match of gRPC is the path '/', '/<service>' or '/<service>/<method>' and has no HTTP method, "
            f"got {match.method or 'no method'} and {match.path!r}; correct it, or make a service of each port"
        )
    named = {key: value for key, value in (("service", service), ("method", method)) if value}
    return {"method": {"type": "Exact", **named}} if named else {}


def _traffic_policy(kind: str, route: Route) -> Json:
    # A GRPCRoute has no timeout field. Without a policy, Envoy ends every call after 15 s, streams too.
    timeout = {"timeout": {"http": {"requestTimeout": f"{route.timeout_seconds}s"}}} if kind == "GRPCRoute" else {}
    if route.retries is None:
        return timeout
    per_try = route.retries.per_try_seconds
    retry: Json = {
        "numRetries": route.retries.attempts,
        "retryOn": _retried(kind, route.retries.statuses),
        **({"perRetry": {"timeout": f"{per_try}s"}} if per_try else {}),
    }
    return {**timeout, "retry": retry}


def _retried(kind: str, statuses: tuple[int, ...]) -> Json:
    failed = ["connect-failure", "refused-stream"]
    if kind == "HTTPRoute":
        return {"triggers": [*failed, "retriable-status-codes"], "httpStatusCodes": list(statuses)}
    # A gRPC response always has HTTP status 200. Source: gRPC's mapping of HTTP statuses to gRPC statuses.
    unavailable = ["unavailable"] if {429, 502, 503, 504} & set(statuses) else []
    return {"triggers": failed + unavailable}
