"""Network policies admit what was declared, in both directions, and nothing behind the internal gateway's back."""

from __future__ import annotations

from ..parts.names import DATABASE_CLUSTER, DATABASES, DNS_LABEL, DNS_NAMESPACE, INTERNAL_PORT, MONITORING
from .backends import metrics_ports
from .cluster import ClusterIndex
from .index import Found, named, namespace_of, subject
from .policies import Pod
from .traffic import backends, service_of

_DNS = Pod("the DNS server", DNS_NAMESPACE, DNS_LABEL)
_PROMETHEUS = Pod("Prometheus", MONITORING, {"app.kubernetes.io/name": "prometheus"})
_DATABASE = Pod("the database", DATABASES, {"cnpg.io/cluster": DATABASE_CLUSTER})
_POSTGRES_PORT = 5432


def gateway_reaches_backends(cluster: ClusterIndex) -> Found:
    """The proxies of a route's gateway reach the pods behind its backends."""
    for attachment in cluster.attachments:
        proxies = cluster.gateways[attachment.gateway["metadata"]["name"]]
        for backend in backends(attachment.route):
            service = service_of(cluster, attachment.route, backend)
            for workload in cluster.pods_behind(service) if service else ():
                for port in service["spec"].get("ports") or () if service else ():
                    number = workload.port(port.get("targetPort", port["port"]))
                    if port["port"] != backend.get("port") or not number:
                        continue
                    if ends := cluster.policies.blocked(proxies, cluster.pod(workload), number):
                        yield (
                            subject(attachment.route),
                            f"{proxies.title} cannot reach {workload.name} at the port {number} for "
                            f"{named(attachment.route)}: {' and '.join(ends)}; open the network policy",
                        )


def callers_reach_gateway(cluster: ClusterIndex) -> Found:
    """Whoever depends on a routed service reaches the internal gateway."""
    for workload in cluster.service_workloads:
        called = sorted({callee["name"] for callee, port in cluster.calls(workload) if port in callee["routed"]})
        if not called or cluster.internal is None:
            continue
        if ends := cluster.policies.blocked(cluster.pod(workload), cluster.internal, INTERNAL_PORT):
            yield (
                workload.subject,
                f"{workload.name} depends on {', '.join(called)}, and cannot reach {cluster.internal.title}: "
                f"{' and '.join(ends)}; open the network policy",
            )


def only_callers_reach_gateway(cluster: ClusterIndex) -> Found:
    """Who depends on no routed service does not reach the internal gateway: behind it all services are open."""
    for workload in cluster.service_workloads:
        if cluster.internal is None or any(port in callee["routed"] for callee, port in cluster.calls(workload)):
            continue
        if not cluster.policies.blocked(cluster.pod(workload), cluster.internal, INTERNAL_PORT):
            yield (
                workload.subject,
                f"{workload.name} depends on no routed service, and could reach all of them through "
                f"{cluster.internal.title}; close its network policy, or name what it calls in depends_on",
            )


def callers_reach_dependencies(cluster: ClusterIndex) -> Found:
    """Whoever depends on a service that is called directly reaches its pods."""
    for workload in cluster.service_workloads:
        for callee, port in cluster.calls(workload):
            if port in callee["routed"]:
                continue
            number = callee["ports"][port]
            for target in cluster.service_pods(workload.namespace, callee["name"]):
                if ends := cluster.policies.blocked(cluster.pod(workload), cluster.pod(target), number):
                    yield (
                        workload.subject,
                        f"{workload.name} depends on {callee['name']}, and cannot reach it at the port {number}: "
                        f"{' and '.join(ends)}; open the network policy",
                    )


def prometheus_reaches_metrics(cluster: ClusterIndex) -> Found:
    """Prometheus reaches the ports that monitors name."""
    for monitor in cluster.kinds("ServiceMonitor", "PodMonitor"):
        for workload, number in metrics_ports(cluster, monitor):
            if ends := cluster.policies.blocked(_PROMETHEUS, cluster.pod(workload), number):
                yield (
                    subject(monitor),
                    f"Prometheus cannot read {workload.name} at the port {number}: {' and '.join(ends)}; "
                    f"open the network policy",
                )


def pods_reach_dns(cluster: ClusterIndex) -> Found:
    """Every pod can ask for names."""
    for workload in cluster.service_workloads:
        pod = cluster.pod(workload)
        closed = [each for each in ("UDP", "TCP") if cluster.policies.blocked(pod, _DNS, 53, each)]
        if closed:
            yield (
                workload.subject,
                f"{workload.name} cannot ask the DNS server by {' and '.join(closed)}; open its network policy",
            )


def pods_reach_their_database(cluster: ClusterIndex) -> Found:
    """A service reaches the database that it asked for."""
    for workload in cluster.service_workloads:
        if not cluster.declared[workload.subject]["databases"]:
            continue
        if ends := cluster.policies.blocked(cluster.pod(workload), _DATABASE, _POSTGRES_PORT):
            yield workload.subject, f"{workload.name} cannot reach its database: {' and '.join(ends)}; open the policy"


def pods_are_closed(cluster: ClusterIndex) -> Found:
    """Every pod of a service is closed in both directions, but for what policies admit."""
    for workload in cluster.service_workloads:
        for direction in ("ingress", "egress"):
            if not cluster.policies.closed(cluster.pod(workload), direction):
                yield (
                    workload.subject,
                    f"no network policy closes the {direction} of {workload.name}; "
                    f"add the component that denies all to the environment",
                )


def policy_selects_pods(cluster: ClusterIndex) -> Found:
    """Every network policy of a service selects pods; one that selects none closes or opens nothing."""
    for each in cluster.kinds("NetworkPolicy"):
        if subject(each) in cluster.declared and not cluster.pods(namespace_of(each), each["spec"]["podSelector"]):
            yield (
                subject(each),
                f"the network policy {each['metadata']['name']} selects no pod; correct it, or take it out",
            )
