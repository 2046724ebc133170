"""Defects as people make them: what they would say in a value, where that can say it, and the objects that come out."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from constructs_lib import (
    Config,
    ConfigKey,
    ExternalRoute,
    Match,
    Outside,
    Port,
    Probe,
    Resources,
    Route,
    Scale,
    SecretKey,
    Version,
)
from constructs_lib.testing import Object
from constructs_lib.values import Schedule
from tests.support.fleet import IMAGE, service, worker
from tests.support.planted import Planted


class Defect(NamedTuple):
    """A defect, planted in the rendered objects, and said in a value where there is a field for it."""

    name: str
    plant: Callable[[Planted], object]
    value: Callable[[], object] | None = None


def web(it: Planted) -> Object:
    """The main container."""
    return it.main("web-blue")


def pod(it: Planted) -> Object:
    """Its pod."""
    return it.pod("web-blue")


def security(it: Planted) -> Object:
    """What the main container may do."""
    found: Object = web(it)["securityContext"]
    return found


def spec(it: Planted, kind: str, name: str) -> Object:
    """The specification of an object."""
    found: Object = it.one(kind, name)["spec"]
    return found


def meta(it: Planted, kind: str = "Deployment", name: str = "web-blue") -> Object:
    """The metadata of an object."""
    found: Object = it.one(kind, name)["metadata"]
    return found


def rule(it: Planted) -> Object:
    """The rule of a route."""
    found: Object = spec(it, "HTTPRoute", "web-external")["rules"][0]
    return found


def labels_of_web(it: Planted) -> Object:
    """The labels of the pods."""
    found: Object = spec(it, "Deployment", "web-blue")["template"]["metadata"]["labels"]
    return found


def strategy(it: Planted) -> Object:
    """How pods are replaced."""
    found: Object = spec(it, "Deployment", "web-blue")["strategy"]["rollingUpdate"]
    return found


def variable(it: Planted, **source: object) -> None:
    """A variable of the main container, from this source."""
    web(it)["env"].append({"name": "A", "valueFrom": source})


def volume(**source: object) -> Object:
    """A volume with this source."""
    return {"name": "added", **source}


DEFECTS = (
    # What a field may hold
    Defect("a number as text", lambda it: spec(it, "Deployment", "mailer").update(replicas="2"),
           lambda: service(scale={"min": "2", "max": 2})),
    Defect("an unknown field", lambda it: spec(it, "Deployment", "mailer").update(replica=2),
           lambda: service(replica=2)),
    Defect("a variable that is a number", lambda it: web(it)["env"].append({"name": "DEBUG", "value": True}),
           lambda: service(env={"DEBUG": True})),
    Defect("a pull policy that is none", lambda it: web(it).update(imagePullPolicy="Sometimes")),
    Defect("a protocol that is none", lambda it: web(it)["ports"][0].update(protocol="HTTP"),
           lambda: Port(number=80, protocol="https", name="a")),
    Defect("a port beyond the last", lambda it: web(it)["ports"][0].update(containerPort=70_000),
           lambda: Port.http(70_000)),
    Defect("a cron expression that is none", lambda it: spec(it, "CronJob", "nightly").update(schedule="61 3 * * *"),
           lambda: worker(schedule=Schedule(cron="61 3 * * *"))),
    Defect("an address range that is none",
           lambda it: spec(it, "NetworkPolicy", "web")["egress"].append({"to": [{"ipBlock": {"cidr": "10.0.0.0/33"}}]}),
           lambda: service(outside=(Outside(name="bank", cidrs=("10.0.0.0/33",)),))),
    Defect("a liveness probe that must answer twice", lambda it: web(it)["livenessProbe"].update(successThreshold=2)),
    Defect("two variables of one name", lambda it: web(it)["env"].extend([{"name": "A", "value": "1"}] * 2)),
    Defect("two ports of one name", lambda it: web(it)["ports"].append({**web(it)["ports"][0], "containerPort": 81}),
           lambda: service(ports=(Port.http(8080), Port.http(8081)))),
    # Names and labels
    Defect("a name with capitals", lambda it: meta(it).update(name="Web"), lambda: service("Web")),
    Defect("a Service whose name has 64 letters", lambda it: meta(it, "Service").update(name="a" * 64),
           lambda: service("a" * 64)),
    Defect("a label with a space", lambda it: meta(it)["labels"].update({"desired.dev/owner": "team a"}),
           lambda: service(owner="team a")),
    Defect("a volume with an underscore",
           lambda it: pod(it)["volumes"].append({"name": "my_volume", "emptyDir": {}})),
    Defect("a selector that misses its own pods", lambda it: labels_of_web(it).pop("desired.dev/slot")),
    # Resources
    Defect("a request above its limit", lambda it: web(it)["resources"]["requests"].update(memory="1Gi"),
           lambda: Resources(cpu="1", memory="1Gi", memory_limit="64Mi")),
    Defect("no limit of memory", lambda it: web(it)["resources"].pop("limits")),
    Defect("memory in thousandths of a byte", lambda it: web(it)["resources"].update(
        requests={"cpu": "50m", "memory": "64m"}, limits={"memory": "64m"}),
           lambda: Resources(cpu="50m", memory="64m")),
    Defect("more than the quota holds", lambda it: web(it)["resources"].update(
        requests={"cpu": "1", "memory": "300Gi"}, limits={"memory": "300Gi"})),
    # What is referred to
    Defect("a missing volume", lambda it: web(it)["volumeMounts"].append({"name": "gone", "mountPath": "/gone"})),
    Defect("a ghost Service", lambda it: rule(it)["backendRefs"][0].update(name="ghost")),
    Defect("a ghost port", lambda it: web(it)["readinessProbe"].update(tcpSocket={"port": "ghost"}),
           lambda: service(readiness=Probe.http("/", port="ghost"))),
    Defect("a Service to a port that no pod has",
           lambda it: spec(it, "Service", "web-blue")["ports"][0].update(targetPort="ghost")),
    Defect("a ghost config",
           lambda it: variable(it, configMapKeyRef={"name": "ghost", "key": "a"}),
           lambda: service(env={"A": ConfigKey(config="ghost", key="a")})),
    Defect("a ghost secret",
           lambda it: variable(it, secretKeyRef={"name": "ghost", "key": "a"}),
           lambda: service(env={"A": SecretKey(secret="ghost", key="a")})),
    Defect("a priority that is not there", lambda it: pod(it).update(priorityClassName="tier-0"),
           lambda: service(tier=0)),
    Defect("an account that is not there", lambda it: pod(it).update(serviceAccountName="ghost")),
    Defect("a namespace that is not there",
           lambda it: meta(it, "OCIRepository", "envoy-gateway").update(namespace="x")),
    Defect("metrics at a port that is not there",
           lambda it: spec(it, "PodMonitor", "collector")["podMetricsEndpoints"][0].update(portNumber=9999)),
    Defect("a StatefulSet without its Service", lambda it: it.take_out("Service", "store")),
    # Scale and ends
    Defect("an autoscaler with its minimum above its maximum",
           lambda it: spec(it, "HorizontalPodAutoscaler", "web-blue").update(minReplicas=5),
           lambda: Scale.between(5, 4)),
    Defect("an autoscaler that aims at 0 per cent",
           lambda it: spec(it, "HorizontalPodAutoscaler", "web-blue")["metrics"][0]["resource"]["target"].update(
               averageUtilization=0),
           lambda: Scale.between(2, 4, cpu=0)),
    Defect("surge 0 and unavailable 0", lambda it: strategy(it).update(maxSurge=0, maxUnavailable=0)),
    Defect("a disruption budget with both fields",
           lambda it: spec(it, "PodDisruptionBudget", "web-blue").update(minAvailable=1)),
    Defect("a preStop pause beyond the grace period", lambda it: web(it)["lifecycle"]["preStop"]["sleep"].update(
        seconds=600)),
    # Security
    Defect("a privileged container", lambda it: security(it).update(privileged=True, allowPrivilegeEscalation=True)),
    Defect("the root user", lambda it: pod(it)["securityContext"].update(runAsUser=0), lambda: service(user=0)),
    Defect("an added capability", lambda it: security(it)["capabilities"].update(add=["SYS_ADMIN"])),
    Defect("the node's network", lambda it: pod(it).update(hostNetwork=True)),
    Defect("a folder of the node", lambda it: pod(it)["volumes"].append(volume(hostPath={"path": "/"}))),
    Defect("no seccomp profile", lambda it: pod(it)["securityContext"].pop("seccompProfile")),
    Defect("a writable root file system", lambda it: security(it).update(readOnlyRootFilesystem=False)),
    Defect("no digest", lambda it: web(it).update(image="registry.example.com/web:1.2.3"),
           lambda: Version(image="registry.example.com/web:1.2.3", since="2026-01-01T00:00:00Z")),
    Defect("the tag latest", lambda it: web(it).update(image=IMAGE.replace("@", ":latest@")),
           lambda: Version(image=IMAGE.replace("@", ":latest@"), since="2026-01-01T00:00:00Z")),
    Defect("a password in a variable", lambda it: web(it)["env"].append({"name": "DB_PASSWORD", "value": "hunter2x"}),
           lambda: service(env={"DB_PASSWORD": "hunter2x"})),
    Defect("a key in a ConfigMap", lambda it: next(
        each for each in it.objects() if each["kind"] == "ConfigMap")["data"].update({"a.yaml": "AKIA" + "A" * 16}),
           lambda: Config(name="a", data={"a.yaml": "AKIA" + "A" * 16})),
    # Traffic
    Defect("weights that do not sum to 100", lambda it: rule(it)["backendRefs"][0].update(weight=60)),
    Defect("a weight below nothing", lambda it: rule(it)["backendRefs"][0].update(weight=-1)),
    Defect("a path without its slash", lambda it: rule(it).update(matches=[{"path": {"value": "cart"}}]),
           lambda: service(route=Route(matches=(Match(path="cart"),)))),
    Defect("a host name with an underscore",
           lambda it: spec(it, "HTTPRoute", "web-external").update(hostnames=["my_shop.test.example.com"]),
           lambda: service(external=ExternalRoute(hosts=("my_shop",)))),
    # What only the server knows
    Defect("a volume with two sources", lambda it: pod(it)["volumes"].append(
        volume(emptyDir={}, configMap={"name": next(
            each["metadata"]["name"] for each in it.objects() if each["kind"] == "ConfigMap")}))),
    Defect("an unknown field of a route", lambda it: rule(it).update(backends=[])),
    Defect("an unknown field of the proxies", lambda it: spec(it, "EnvoyProxy", "internal").update(replicas=3)),
    Defect("two listeners of one name",
           lambda it: (found := spec(it, "Gateway", "external")["listeners"]).append(found[0])),
    Defect("Flux at an interval without its unit", lambda it: next(
        each for each in it.objects() if "kustomize.toolkit" in each["apiVersion"])["spec"].update(interval="30")),
    Defect("metrics read at an interval without its unit",
           lambda it: spec(it, "ServiceMonitor", "web")["endpoints"][0].update(interval="30")),
    Defect("a time-out that is no duration", lambda it: rule(it).update(timeouts={"request": "15 seconds"})),
    Defect("a secret without its entry in the store", lambda it: spec(it, "ExternalSecret", "api-blue-token")[
        "data"][0].update(remoteRef={"property": "value"})),
    Defect("a number of retries that is none", lambda it: rule(it).update(retry={"attempts": "three"})),
)  # fmt: skip
