"""Routes: the listeners that accept them, the hosts and paths that they claim, and their backends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from ..parts.names import ENVOY_SYSTEM, GATEWAYS
from ..values.data import Json, Object
from .attachments import ROUTES, gateway_of, listeners_of, refusal
from .cluster import ClusterView
from .objects import named, namespace_of, subject
from .rule import Found, for_each, over

Match = tuple[Any, ...]
_ANYTHING: Json = {}


class _Claim(NamedTuple):
    """The hosts and matches that a route claims."""

    subject: str
    named: str
    kind: str
    places: tuple[tuple[str, str, str], ...]
    """Gateway, listener and host."""
    matches: tuple[Match, ...]


@for_each(*ROUTES)
def route_has_listener(route: Object, cluster: ClusterView) -> Found:
    """Every route names a gateway and a listener that exist, and that accept its kind, namespace and hosts."""
    parents = route["spec"].get("parentRefs") or ()
    if not parents:
        yield subject(route), f"{named(route)} names no gateway; add it to parentRefs"
    for parent in parents:
        gateway = gateway_of(cluster, route, parent)
        if gateway is None:
            yield (
                subject(route),
                f"{named(route)} names gateway {parent['name']}, which does not exist; correct parentRefs",
            )
            continue
        listeners = listeners_of(gateway, parent)
        refusals = [refusal(cluster, route, gateway, listener) for listener in listeners]
        if not listeners:
            there = ", ".join(listener["name"] for listener in gateway["spec"]["listeners"])
            yield (
                subject(route),
                f"{named(route)} names listener {parent.get('sectionName')!r} of gateway {parent['name']}, "
                f"which has {there}; name one of these",
            )
        elif all(refusals):
            yield (
                subject(route),
                f"{named(route)} cannot attach to gateway {parent['name']}: listener {listeners[0]['name']} "
                f"{refusals[0]}; change the route or the listener",
            )


@for_each(*ROUTES)
def backend_exists(route: Object, cluster: ClusterView) -> Found:
    """Every backend of a route is a Service that exists, with that port."""
    for backend in backends(route):
        service = service_of(cluster, route, backend)
        where = f"{backend['name']}:{backend.get('port')}"
        if service is None:
            yield (
                subject(route),
                f"{named(route)} sends requests to {where}, but there is no Service of that name; correct the backend",
            )
        elif backend.get("port") not in [port["port"] for port in service["spec"].get("ports") or ()]:
            yield (
                subject(route),
                f"{named(route)} sends requests to {where}, but the Service does not have that port; "
                f"keep the port in both versions, or correct the backend",
            )


def backends(route: Object) -> Iterator[Json]:
    """All backends of a route, those of mirrors included."""
    for rule in route["spec"].get("rules") or ():
        yield from rule.get("backendRefs") or ()
        for each in rule.get("filters") or ():
            if mirror := (each.get("requestMirror") or {}).get("backendRef"):
                yield mirror


def service_of(cluster: ClusterView, route: Object, backend: Json) -> Object | None:
    """The Service that a backend names, or None."""
    if backend.get("kind", "Service") != "Service":
        return None
    return cluster.get("Service", backend.get("namespace") or namespace_of(route), backend["name"])


@for_each(*ROUTES)
def weights_sum_to_100(route: Object, cluster: ClusterView) -> Found:
    """The weights of every rule of a route sum to 100 per cent."""
    for rule in route["spec"].get("rules") or ():
        weights = [backend.get("weight") for backend in rule.get("backendRefs") or ()]
        if weights in ([], [None]):
            continue
        total = sum(1 if weight is None else weight for weight in weights)
        if total != 100:
            yield (
                subject(route),
                f"the weights of {named(route)} sum to {total} ({', '.join(map(str, weights))}); make them sum to 100",
            )


@for_each(*ROUTES)
def _claims(route: Object, cluster: ClusterView) -> Iterator[_Claim]:
    places = tuple(
        (attachment.gateway["metadata"]["name"], attachment.listener["name"], host)
        for attachment in cluster.attachments(route)
        for host in attachment.hosts
    )
    if places:
        yield _Claim(subject(route), named(route), route["kind"], places, tuple(_matches(route)))


@over(_claims)
def claims_are_distinct(claims: Sequence[_Claim]) -> Found:
    """No two routes claim the same host, path, headers and method on one listener."""
    claimed: dict[tuple[str, str, str, Match], _Claim] = {}
    for claim in claims:
        for gateway, listener, host in claim.places:
            for match in claim.matches:
                first = claimed.setdefault((gateway, listener, host, match), claim)
                if first is not claim or claim.matches.count(match) > 1:
                    yield (
                        claim.subject,
                        f"{claim.named} claims {host}{_words(match)} at gateway {gateway}, which {first.named} "
                        f"already claims; change the host, the path or a header of one of them",
                    )


def _matches(route: Object) -> Iterator[Match]:
    rules: list[Json] = route["spec"].get("rules") or [_ANYTHING]
    for match in (match for rule in rules for match in rule.get("matches") or [_ANYTHING]):
        method = match.get("method")
        if route["kind"] == "GRPCRoute":
            said = method or {}
            path: Match = (said.get("type", "Exact"), said.get("service", ""), said.get("method", ""))
            method = None
        else:
            asked = match.get("path") or {}
            path = (asked.get("type", "PathPrefix"), asked.get("value", "/"))
        headers = tuple(sorted((each["name"].lower(), each["value"]) for each in match.get("headers") or ()))
        queries = tuple(sorted((each["name"], each["value"]) for each in match.get("queryParams") or ()))
        yield path, headers, queries, method


def _words(match: Match) -> str:
    path, headers, queries, method = match
    said = "/".join(filter(None, path[1:])) or ""
    conditions = [f"{name}={value}" for name, value in (*headers, *queries)] + ([method] if method else [])
    return f"{'' if said.startswith('/') else '/'}{said}" + (f" with {', '.join(conditions)}" if conditions else "")


@over(_claims)
def host_has_one_kind(claims: Sequence[_Claim]) -> Found:
    """An HTTPRoute and a GRPCRoute never share a host on one listener: the Gateway API rejects one of them."""
    claimed: dict[tuple[str, str, str], _Claim] = {}
    for claim in claims:
        for gateway, listener, host in claim.places:
            first = claimed.setdefault((gateway, listener, host), claim)
            if first.kind != claim.kind:
                yield (
                    claim.subject,
                    f"{claim.named} and {first.named} share host {host} at gateway {gateway}; "
                    f"give one of them another host",
                )


@for_each("Service")
def alias_leads_to_its_route(service: Object, cluster: ClusterView) -> Found:
    """Every ExternalName Service points to a gateway, at a port that it serves, with a route for its name."""
    target = service["spec"].get("externalName")
    if not target or not cluster.declared(subject(service)):
        return
    alias, host = f"ExternalName {named(service)}", f"{service['metadata']['name']}.{namespace_of(service)}"
    gateway = cluster.get("Gateway", GATEWAYS, target.removesuffix(f".{ENVOY_SYSTEM}.svc.cluster.local"))
    if gateway is None:
        yield (
            subject(service),
            f"{alias} points to {target}, which is not the address of a gateway; correct externalName",
        )
        return
    gateway_name = gateway["metadata"]["name"]
    served = {listener["port"] for listener in gateway["spec"]["listeners"]}
    missing = sorted({port["port"] for port in service["spec"].get("ports") or ()} - served)
    if missing:
        yield (
            subject(service),
            f"{alias} has port {missing[0]}, which gateway {gateway_name} does not serve; correct the port",
        )
    if not _accepts(cluster, gateway_name, host):
        yield (
            subject(service),
            f"{alias} points to gateway {gateway_name}, where no route accepts the host {host}; "
            f"add a route, or remove the Service",
        )


def _accepts(cluster: ClusterView, gateway: str, host: str) -> bool:
    """Whether a gateway has a route that accepts requests for a host."""
    return any(
        attachment.gateway["metadata"]["name"] == gateway and host in attachment.hosts
        for route in (*cluster.routes(host), *cluster.routes(""))
        for attachment in cluster.attachments(route)
    )
