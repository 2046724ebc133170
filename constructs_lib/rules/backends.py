"""Services and monitors lead to pods, at ports that these have."""

from __future__ import annotations

from collections.abc import Iterator

from .facts import Object
from .index import Found, Index, Workload, named, namespace_of, subject
from .selectors import selects


def service_has_pods(index: Index) -> Found:
    """The selector of every Service picks pods."""
    for each in index.kinds("Service"):
        if each["spec"].get("selector") and not index.pods_behind(each):
            yield subject(each), f"the Service {each['metadata']['name']} selects no pod; correct its selector"


def service_port_exists(index: Index) -> Found:
    """Every port of a Service leads to a port that all of its pods have."""
    for each in index.kinds("Service"):
        for workload in index.pods_behind(each):
            for port in each["spec"].get("ports") or ():
                target = port.get("targetPort", port["port"])
                if workload.port(target) is None:
                    yield (
                        subject(each),
                        f"the Service {each['metadata']['name']} leads to the port {target} of {workload.name}, which "
                        f"has none of that name or number; name one of its ports",
                    )


def service_has_one_slot(index: Index) -> Found:
    """A Service leads to one slot, so that a share means what it says."""
    for each in index.kinds("Service"):
        slots = {(workload.service, workload.slot) for workload in index.pods_behind(each)}
        if len(slots) > 1:
            names = ", ".join(sorted(f"{service} {slot}".strip() for service, slot in slots))
            yield subject(each), f"the Service {each['metadata']['name']} leads to {names}; let it select one of them"


def headless_service_exists(index: Index) -> Found:
    """Every StatefulSet names a Service that gives its pods their names."""
    for each in index.kinds("StatefulSet"):
        service = index.get("Service", namespace_of(each), each["spec"].get("serviceName", ""))
        if service is None or service["spec"].get("clusterIP") != "None":
            yield (
                subject(each),
                f"{named(each)} names the Service {each['spec'].get('serviceName')!r}, which is no headless one; "
                f"add it with clusterIP None",
            )


def selector_is_its_own(index: Index) -> Found:
    """Every workload selects its own pods, and nobody else's."""
    for workload in index.workloads:
        selector = workload.object["spec"].get("selector")
        if workload.kind in ("CronJob", "Job", "Pod"):
            continue
        if not selects(selector, workload.labels):
            yield (
                workload.subject,
                f"{workload.kind} {workload.name} does not select its own pods; correct it",
            )
        for other in index.pods(workload.namespace, selector):
            if other is not workload:
                yield (
                    workload.subject,
                    f"{workload.kind} {workload.name} also selects the pods of {other.name}; "
                    f"give each its own labels, as the slot",
                )


def monitor_has_targets(index: Index) -> Found:
    """Every monitor finds pods, at a port that Prometheus can read."""
    for each in index.kinds("ServiceMonitor", "PodMonitor"):
        if not list(metrics_ports(index, each)):
            yield subject(each), f"{named(each)} finds no port of any pod; correct its selector or its port"


def metrics_ports(index: Index, monitor: Object) -> Iterator[tuple[Workload, int]]:
    """The pods and ports that a monitor reads."""
    selector, namespace = monitor["spec"]["selector"], namespace_of(monitor)
    if monitor["kind"] == "PodMonitor":
        for workload in index.pods(namespace, selector):
            for endpoint in monitor["spec"]["podMetricsEndpoints"]:
                number = endpoint.get("portNumber") or workload.port(endpoint.get("port", ""))
                if number:
                    yield workload, number
        return
    wanted = {endpoint.get("port") for endpoint in monitor["spec"]["endpoints"]}
    for service in index.services_like(namespace, selector):
        for workload in index.pods_behind(service):
            for port in service["spec"].get("ports") or ():
                number = workload.port(port.get("targetPort", port["port"]))
                if port.get("name") in wanted and number:
                    yield workload, number
