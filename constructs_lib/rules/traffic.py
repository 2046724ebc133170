"""Routes: where they hang, what they claim, and where they lead."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from ..parts.names import ENVOY_SYSTEM, GATEWAYS
from .attachments import ROUTES, gateway_of, listeners_of, refusal
from .cluster import ClusterIndex
from .facts import Object
from .index import Found, Index, named, namespace_of, subject

Match = tuple[Any, ...]
_ANYTHING: dict[str, Any] = {}


def route_has_listener(index: Index) -> Found:
    """Every route names a gateway and a listener that exist, and that take its kind, namespace and hosts."""
    for route in index.kinds(*ROUTES):
        parents = route["spec"].get("parentRefs") or ()
        if not parents:
            yield subject(route), f"{named(route)} names no gateway; give it a parentRef"
        for parent in parents:
            gateway = gateway_of(index, route, parent)
            if gateway is None:
                yield subject(route), f"{named(route)} names the gateway {parent['name']}, which does not exist here"
                continue
            listeners = listeners_of(gateway, parent)
            refusals = [refusal(index, route, gateway, listener) for listener in listeners]
            if not listeners:
                there = ", ".join(listener["name"] for listener in gateway["spec"]["listeners"])
                yield (
                    subject(route),
                    f"{named(route)} names the listener {parent.get('sectionName')!r} of the gateway "
                    f"{parent['name']}, which has {there}; name one of them",
                )
            elif all(refusals):
                yield (
                    subject(route),
                    f"{named(route)} hangs on the gateway {parent['name']}, whose listener {listeners[0]['name']} "
                    f"{refusals[0]}; change the route or the listener",
                )


def backend_exists(index: Index) -> Found:
    """Every backend of a route is a Service that exists, with that port."""
    for route in index.kinds(*ROUTES):
        for backend in backends(route):
            service = service_of(index, route, backend)
            where = f"{backend['name']}:{backend.get('port')}"
            if service is None:
                yield (
                    subject(route),
                    f"{named(route)} leads to {where}, and there is no Service of that name; correct the backend",
                )
            elif backend.get("port") not in [port["port"] for port in service["spec"].get("ports") or ()]:
                yield (
                    subject(route),
                    f"{named(route)} leads to {where}, and the Service has no such port; "
                    f"keep the port in both versions, or correct the backend",
                )


def backends(route: Object) -> Iterator[dict[str, Any]]:
    """All backends of a route, mirrors too."""
    for rule in route["spec"].get("rules") or ():
        yield from rule.get("backendRefs") or ()
        for each in rule.get("filters") or ():
            if mirror := (each.get("requestMirror") or {}).get("backendRef"):
                yield mirror


def service_of(index: Index, route: Object, backend: dict[str, Any]) -> Object | None:
    """The Service that a backend names, or None."""
    if backend.get("kind", "Service") != "Service":
        return None
    return index.get("Service", backend.get("namespace") or namespace_of(route), backend["name"])


def weights_sum_to_100(index: Index) -> Found:
    """The weights of every rule are per cent."""
    for route in index.kinds(*ROUTES):
        for rule in route["spec"].get("rules") or ():
            weights = [backend.get("weight") for backend in rule.get("backendRefs") or ()]
            if weights in ([], [None]):
                continue
            total = sum(1 if weight is None else weight for weight in weights)
            if total != 100:
                yield (
                    subject(route),
                    f"the weights of {named(route)} sum to {total} ({', '.join(map(str, weights))}); "
                    f"let them sum to 100",
                )


def claims_are_distinct(cluster: ClusterIndex) -> Found:
    """No two routes claim the same host, path, headers and method on one listener."""
    claimed: dict[tuple[str, str, str, Match], Object] = {}
    for attachment in cluster.attachments:
        route, gateway = attachment.route, attachment.gateway["metadata"]["name"]
        matches = list(_matches(route))
        for host in attachment.hosts:
            for match in matches:
                key = (gateway, attachment.listener["name"], host, match)
                first = claimed.setdefault(key, route)
                if first is not route or matches.count(match) > 1:
                    yield (
                        subject(route),
                        f"{named(route)} claims {host}{_words(match)} at the gateway {gateway}, which {named(first)} "
                        f"claims already; change the host, the path or a header of one",
                    )


def _matches(route: Object) -> Iterator[Match]:
    rules: list[dict[str, Any]] = route["spec"].get("rules") or [_ANYTHING]
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


def host_has_one_kind(cluster: ClusterIndex) -> Found:
    """An HTTPRoute and a GRPCRoute never share a host on one listener: Gateway API refuses one of them."""
    kinds: dict[tuple[str, str, str], Object] = {}
    for attachment in cluster.attachments:
        gateway, listener = attachment.gateway["metadata"]["name"], attachment.listener["name"]
        for host in attachment.hosts:
            first = kinds.setdefault((gateway, listener, host), attachment.route)
            if first["kind"] != attachment.route["kind"]:
                yield (
                    subject(attachment.route),
                    f"{named(attachment.route)} and {named(first)} share the host {host} at the gateway {gateway}; "
                    f"give one of them another host",
                )


def alias_leads_to_its_route(cluster: ClusterIndex) -> Found:
    """An alias points to the proxies of a gateway, at its listener's port, where a route takes its name."""
    hosts: dict[str, set[str]] = defaultdict(set)
    for attachment in cluster.attachments:
        hosts[attachment.gateway["metadata"]["name"]].update(attachment.hosts)
    for each in cluster.kinds("Service"):
        target = each["spec"].get("externalName")
        if not target or subject(each) not in cluster.declared:
            continue
        name = each["metadata"]["name"]
        gateway = cluster.get("Gateway", GATEWAYS, target.removesuffix(f".{ENVOY_SYSTEM}.svc.cluster.local"))
        if gateway is None:
            yield subject(each), f"the alias {name} points to {target}, which no gateway answers; correct it"
            continue
        served = {listener["port"] for listener in gateway["spec"]["listeners"]}
        missing = sorted({port["port"] for port in each["spec"].get("ports") or ()} - served)
        if missing:
            yield subject(each), f"the alias {name} has the port {missing[0]}, which the gateway does not; correct it"
        if f"{name}.{namespace_of(each)}" not in hosts[gateway["metadata"]["name"]]:
            yield (
                subject(each),
                f"the alias {name} leads to the gateway {gateway['metadata']['name']}, where no route takes its "
                f"name; add a route, or take the alias out",
            )
