"""Services and monitors select pods, and use ports that these pods declare."""

from __future__ import annotations

from collections.abc import Iterator

from ..values.data import Object
from .cluster import ClusterView
from .objects import named, namespace_of, subject
from .rule import Found, for_each, for_each_workload
from .selectors import selects
from .workloads import Pods, Workload


@for_each("Service")
def service_has_pods(service: Object, cluster: ClusterView) -> Found:
    """Every Service selects pods."""
    if service["spec"].get("selector") and not cluster.pods_behind(service):
        yield subject(service), f"{named(service)} selects no pods; correct its selector"


@for_each("Service")
def service_port_exists(service: Object, cluster: ClusterView) -> Found:
    """Every port of a Service targets a port that all of its pods declare."""
    for pods in cluster.pods_behind(service):
        for port in service["spec"].get("ports") or ():
            target = port.get("targetPort", port["port"])
            if pods.port(target) is None:
                yield (
                    subject(service),
                    f"{named(service)} targets port {target} of {pods.name}, which declares "
                    f"{pods.declared_ports}; target one of these ports",
                )


@for_each("Service")
def service_has_one_slot(service: Object, cluster: ClusterView) -> Found:
    """Every Service selects the pods of one slot only, so that the traffic share is exact."""
    slots = {(pods.service, pods.slot) for pods in cluster.pods_behind(service)}
    if len(slots) > 1:
        names = ", ".join(sorted(f"{name} {slot}".strip() for name, slot in slots))
        yield (
            subject(service),
            f"{named(service)} selects the pods of several slots ({names}); select one of them",
        )


@for_each("StatefulSet")
def headless_service_exists(stateful: Object, cluster: ClusterView) -> Found:
    """Every StatefulSet names a headless Service, which gives its pods their DNS names."""
    name = stateful["spec"].get("serviceName", "")
    service = cluster.get("Service", namespace_of(stateful), name)
    if service is None or service["spec"].get("clusterIP") != "None":
        yield (
            subject(stateful),
            f"{named(stateful)} needs a headless Service {stateful['spec'].get('serviceName')!r}, which does not "
            f"exist; add it with clusterIP: None",
        )


@for_each_workload
def selector_is_its_own(workload: Workload, cluster: ClusterView) -> Found:
    """Every workload selects its own pods and no others."""
    selector = workload.object["spec"].get("selector")
    if workload.kind in ("CronJob", "Job", "Pod"):
        return
    if not selects(selector, workload.pods.labels):
        yield workload.subject, f"{named(workload.object)} does not select its own pods; correct its selector"
    for other in cluster.pods(workload.namespace, selector):
        if other is not workload.pods:
            yield (
                workload.subject,
                f"{named(workload.object)} also selects the pods of {other.name}; "
                f"give the pods of each a label of their own, such as the slot",
            )


@for_each("ServiceMonitor", "PodMonitor")
def monitor_has_targets(monitor: Object, cluster: ClusterView) -> Found:
    """Every monitor matches a port of at least one pod."""
    if not list(metrics_ports(cluster, monitor)):
        yield subject(monitor), f"{named(monitor)} matches no port of any pod; correct its selector or its port"


def metrics_ports(cluster: ClusterView, monitor: Object) -> Iterator[tuple[Pods, int]]:
    """The pods that a monitor scrapes, each with the port's number."""
    selector, namespace = monitor["spec"]["selector"], namespace_of(monitor)
    if monitor["kind"] == "PodMonitor":
        for pods in cluster.pods(namespace, selector):
            for endpoint in monitor["spec"]["podMetricsEndpoints"]:
                number = endpoint.get("portNumber") or pods.port(endpoint.get("port", ""))
                if number:
                    yield pods, number
        return
    wanted = {endpoint.get("port") for endpoint in monitor["spec"]["endpoints"]}
    for service in cluster.services_like(namespace, selector):
        for pods in cluster.pods_behind(service):
            for port in service["spec"].get("ports") or ():
                number = pods.port(port.get("targetPort", port["port"]))
                if port.get("name") in wanted and number:
                    yield pods, number
