"""Network policies allow exactly the connections that services declare."""

from __future__ import annotations

from collections.abc import Iterator

from ..parts.names import DATABASE_CLUSTER, DATABASES, DNS_LABEL, DNS_NAMESPACE, INTERNAL_PORT, MONITORING
from ..values.data import Object
from .attachments import ROUTES
from .backends import metrics_ports
from .cluster import ClusterView
from .objects import named, namespace_of, subject
from .policies import DIRECTIONS
from .rule import Found, for_each, for_each_workload_of_a_service
from .traffic import backends, service_of
from .workloads import Pods, Workload

_DNS = Pods("the DNS server", DNS_NAMESPACE, DNS_LABEL)
_PROMETHEUS = Pods("Prometheus", MONITORING, {"app.kubernetes.io/name": "prometheus"})
_DATABASE = Pods("the database", DATABASES, {"cnpg.io/cluster": DATABASE_CLUSTER})
_POSTGRES_PORT = 5432


@for_each(*ROUTES)
def gateway_reaches_backends(route: Object, cluster: ClusterView) -> Found:
    """The proxies of a route's gateway can reach the pods behind its backends."""
    for attachment in cluster.attachments(route):
        proxies = cluster.proxies(attachment.gateway)
        for pods, number in _behind(route, cluster):
            if ends := cluster.policies.blocked(proxies, pods, number):
                yield (
                    subject(route),
                    f"{proxies.name} cannot reach {pods.name} on port {number} for {named(route)}: "
                    f"{' and '.join(ends)}; allow it in a network policy",
                )


def _behind(route: Object, cluster: ClusterView) -> Iterator[tuple[Pods, int]]:
    """The pods behind a route's backends, each with the port's number."""
    for backend in backends(route):
        service = service_of(cluster, route, backend)
        for pods in cluster.pods_behind(service) if service else ():
            for port in service["spec"].get("ports") or () if service else ():
                number = pods.port(port.get("targetPort", port["port"]))
                if port["port"] == backend.get("port") and number:
                    yield pods, number


@for_each_workload_of_a_service
def callers_reach_gateway(workload: Workload, cluster: ClusterView) -> Found:
    """Every service that depends on a routed service can reach the internal gateway."""
    called = sorted({callee["name"] for callee, port in cluster.calls(workload) if port in callee["routed"]})
    if not called or cluster.internal is None:
        return
    if ends := cluster.policies.blocked(workload.pods, cluster.internal, INTERNAL_PORT):
        yield (
            workload.subject,
            f"{workload.name} depends on {', '.join(called)} but cannot reach {cluster.internal.name}: "
            f"{' and '.join(ends)}; allow it in a network policy",
        )


@for_each_workload_of_a_service
def only_callers_reach_gateway(workload: Workload, cluster: ClusterView) -> Found:
    """A service that depends on no routed service cannot reach the internal gateway, which leads to all of them."""
    if cluster.internal is None or any(port in callee["routed"] for callee, port in cluster.calls(workload)):
        return
    if not cluster.policies.blocked(workload.pods, cluster.internal, INTERNAL_PORT):
        yield (
            workload.subject,
            f"{workload.name} depends on no routed service but can reach all of them through {cluster.internal.name}; "
            f"remove that from its network policy, or list the services that it calls in depends_on",
        )


@for_each_workload_of_a_service
def callers_reach_dependencies(workload: Workload, cluster: ClusterView) -> Found:
    """Every service that depends on one without a route can reach its pods."""
    for callee, port in cluster.calls(workload):
        if port in callee["routed"]:
            continue
        number = callee["ports"][port]
        for target in cluster.service_pods(workload.namespace, callee["name"]):
            if ends := cluster.policies.blocked(workload.pods, target, number):
                yield (
                    workload.subject,
                    f"{workload.name} depends on {callee['name']} but cannot reach it on port {number}: "
                    f"{' and '.join(ends)}; allow it in a network policy",
                )


@for_each("ServiceMonitor", "PodMonitor")
def prometheus_reaches_metrics(monitor: Object, cluster: ClusterView) -> Found:
    """Prometheus can reach the ports that monitors name."""
    for pods, number in metrics_ports(cluster, monitor):
        if ends := cluster.policies.blocked(_PROMETHEUS, pods, number):
            yield (
                subject(monitor),
                f"Prometheus cannot scrape {pods.name} on port {number}: {' and '.join(ends)}; "
                f"allow it in a network policy",
            )


@for_each_workload_of_a_service
def pods_reach_dns(workload: Workload, cluster: ClusterView) -> Found:
    """Every pod of a service can reach the DNS server."""
    closed = [each for each in ("UDP", "TCP") if cluster.policies.blocked(workload.pods, _DNS, 53, each)]
    if closed:
        yield (
            workload.subject,
            f"{workload.name} cannot reach the DNS server over {' and '.join(closed)}; allow it in a network policy",
        )


@for_each_workload_of_a_service
def pods_reach_their_database(workload: Workload, cluster: ClusterView) -> Found:
    """Every service with a database can reach it."""
    declared = cluster.declared(workload.subject)
    if not declared or not declared["databases"]:
        return
    if ends := cluster.policies.blocked(workload.pods, _DATABASE, _POSTGRES_PORT):
        yield (
            workload.subject,
            f"{workload.name} cannot reach its database: {' and '.join(ends)}; allow it in a network policy",
        )


@for_each_workload_of_a_service
def pods_are_closed(workload: Workload, cluster: ClusterView) -> Found:
    """Network policies restrict every pod of a service in both directions."""
    for direction in DIRECTIONS:
        if not cluster.policies.closed(workload.pods, direction):
            yield (
                workload.subject,
                f"no network policy restricts the {direction} of {workload.name}; "
                f"add the component `closed` to the environment",
            )


@for_each("NetworkPolicy")
def policy_selects_pods(policy: Object, cluster: ClusterView) -> Found:
    """Every NetworkPolicy of a service selects pods; one without pods has no effect."""
    if not cluster.declared(subject(policy)):
        return
    if not cluster.pods(namespace_of(policy), policy["spec"]["podSelector"]):
        yield (
            subject(policy),
            f"{named(policy)} selects no pods; correct its podSelector, or remove it",
        )
