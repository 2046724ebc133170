"""Every rule over one unit bites: a defect planted in objects that break none, and the one rule that finds it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from constructs_lib.rules import UNIT_RULES, rule_id
from constructs_lib.testing import Object
from tests.support.fleet import IMAGE
from tests.support.planted import Planted

Plant = Callable[[Planted], object]


def beside(it: Planted, number: int) -> Object:
    found: Object = it.pod("api-blue")["initContainers"][number]
    return found


def hpa(it: Planted) -> Object:
    found: Object = it.one("HorizontalPodAutoscaler", "web-blue")["spec"]
    return found


def budget(it: Planted) -> Object:
    found: Object = it.one("PodDisruptionBudget", "web-blue")["spec"]
    return found


def metadata(it: Planted) -> Object:
    found: Object = it.one("Deployment", "web-blue")["metadata"]
    return found


def keep(it: Planted, **said: object) -> None:
    budget(it).pop("maxUnavailable")
    budget(it).update(said)


CASES: dict[str, tuple[str, str, str, Plant]] = {
    "an image by tag": ("image-by-digest", "web", "a:1.2", lambda it: it.main("web-blue").update(image="a:1.2")),
    "no image": ("image-by-digest", "web", "''", lambda it: it.main("web-blue").pop("image")),
    "a short digest": (
        "image-by-digest", "web", "abc", lambda it: it.main("web-blue").update(image="a@sha256:abc"),
    ),
    "an init container by tag": ("image-by-digest", "api", "first", lambda it: beside(it, 0).update(image="a:1")),
    "a sidecar by tag": ("image-by-digest", "api", "beside", lambda it: beside(it, 1).update(image="a:1")),
    "a job by tag": (
        "image-by-digest", "nightly", "a:1",
        lambda it: it.pod("nightly", "CronJob")["containers"][0].update(image="a:1"),
    ),
    "a stateful service by tag": (
        "image-by-digest", "store", "a:1", lambda it: it.pod("store", "StatefulSet")["containers"][0].update(image="a:1"),
    ),
    "latest with a digest": (
        "never-latest", "web", ":latest",
        lambda it: it.main("web-blue").update(image=IMAGE.replace("@", ":latest@")),
    ),
    "a chart by tag": (
        "chart-by-digest", "OCIRepository/envoy-gateway", "tag",
        lambda it: it.one("OCIRepository", "envoy-gateway")["spec"].update(ref={"tag": "1"}),
    ),
    "no limit of memory": (
        "resources-are-given", "web", "limits.memory", lambda it: it.main("web-blue")["resources"].pop("limits"),
    ),
    "no CPU reserved": (
        "resources-are-given", "web", "requests.cpu", lambda it: it.main("web-blue")["resources"]["requests"].pop("cpu"),
    ),
    "a sidecar without resources": (
        "resources-are-given", "api", "beside", lambda it: beside(it, 1).pop("resources"),
    ),
    "a request above its limit": (
        "requests-within-limits", "web", "memory 1Gi",
        lambda it: it.main("web-blue")["resources"]["requests"].update(memory="1Gi"),
    ),
    "a CPU limit below the request": (
        "requests-within-limits", "web", "1m", lambda it: it.main("web-blue")["resources"]["limits"].update(cpu="1m"),
    ),
    "a request that is no quantity": (
        "requests-within-limits", "web", "'much'",
        lambda it: it.main("web-blue")["resources"]["requests"].update(memory="much"),
    ),
    "a pause as long as the grace period": (
        "shutdown-fits", "web", "at least 50",
        lambda it: it.main("web-blue")["lifecycle"]["preStop"]["sleep"].update(seconds=30),
    ),
    "a short grace period": (
        "shutdown-fits", "store", "killed after 29 s",
        lambda it: it.pod("store", "StatefulSet").update(terminationGracePeriodSeconds=29),
    ),
    "a grace period shorter than the work": (
        "shutdown-fits", "mailer", "at least 20", lambda it: it.pod("mailer").update(terminationGracePeriodSeconds=19),
    ),
    "the default grace period with a longer pause": (
        "shutdown-fits", "web", "killed after 30 s",
        lambda it: (
            it.pod("web-blue").pop("terminationGracePeriodSeconds"),
            it.main("web-blue")["lifecycle"]["preStop"]["sleep"].update(seconds=11),
        ),
    ),
    "the same liveness and readiness": (
        "probes-differ", "web", "same liveness",
        lambda it: it.main("web-blue").update(livenessProbe=it.main("web-blue")["readinessProbe"]),
    ),
    "a probe of an unknown port": (
        "probe-port-exists", "web", "'admin'",
        lambda it: it.main("web-blue")["startupProbe"].update(tcpSocket={"port": "admin"}),
    ),
    "a gRPC probe of an unknown number": (
        "probe-port-exists", "rpc", "9999",
        lambda it: it.main("rpc-blue").update(readinessProbe={"grpc": {"port": 9999}}),
    ),
    "maybe root": (
        "runs-as-nobody", "web", "runAsNonRoot", lambda it: it.pod("web-blue")["securityContext"].pop("runAsNonRoot"),
    ),
    "a low user": (
        "runs-as-nobody", "web", "10000", lambda it: it.pod("web-blue")["securityContext"].update(runAsUser=10_000),
    ),
    "no group": ("runs-as-nobody", "web", "None", lambda it: it.pod("web-blue")["securityContext"].pop("runAsGroup")),
    "a sidecar that is root": (
        "runs-as-nobody", "api", "beside", lambda it: beside(it, 1).update(securityContext={
            **it.main("api-blue")["securityContext"], "runAsUser": 0,
        }),
    ),
    "a writable root": (
        "root-file-system-is-read-only", "web", "Volume.scratch",
        lambda it: it.main("web-blue")["securityContext"].pop("readOnlyRootFilesystem"),
    ),
    "privileged": (
        "no-privileges", "web", "is privileged", lambda it: it.main("web-blue")["securityContext"].update(privileged=True),
    ),
    "may gain rights": (
        "no-privileges", "web", "gain rights",
        lambda it: it.main("web-blue")["securityContext"].pop("allowPrivilegeEscalation"),
    ),
    "keeps capabilities": (
        "no-privileges", "web", "drop ALL", lambda it: it.main("web-blue")["securityContext"].pop("capabilities"),
    ),
    "adds a capability": (
        "no-privileges", "web", "SYS_ADMIN",
        lambda it: it.main("web-blue")["securityContext"]["capabilities"].update(add=["SYS_ADMIN"]),
    ),
    "no seccomp profile": (
        "no-privileges", "web", "seccomp", lambda it: it.pod("web-blue")["securityContext"].pop("seccompProfile"),
    ),
    "an unmasked proc": (
        "no-privileges", "web", "procMount",
        lambda it: it.main("web-blue")["securityContext"].update(procMount="Unmasked"),
    ),
    "the node's network": ("no-host-access", "web", "hostNetwork", lambda it: it.pod("web-blue").update(hostNetwork=True)),
    "the node's processes": ("no-host-access", "web", "hostPID", lambda it: it.pod("web-blue").update(hostPID=True)),
    "a port of the node": (
        "no-host-access", "web", "port 80", lambda it: it.main("web-blue")["ports"][0].update(hostPort=80),
    ),
    "a folder of the node": (
        "no-host-access", "web", "hostPath",
        lambda it: it.pod("web-blue")["volumes"].append({"name": "node", "hostPath": {"path": "/"}}),
    ),
    "a token for nothing": (
        "token-only-with-permissions", "web", "automountServiceAccountToken",
        lambda it: it.pod("web-blue").pop("automountServiceAccountToken"),
    ),
    "a password in a variable": (
        "no-plain-secrets", "web", "DB_PASSWORD",
        lambda it: it.main("web-blue")["env"].append({"name": "DB_PASSWORD", "value": "hunter2hunter2"}),
    ),
    "a password in a sidecar": (
        "no-plain-secrets", "api", "beside", lambda it: beside(it, 1).update(env=[{"name": "API_TOKEN", "value": "x1y2"}]),
    ),
    "a token among the arguments": (
        "no-plain-secrets", "web", "argument", lambda it: it.main("web-blue").update(args=["glpat-" + "a" * 20]),
    ),
    "a key in a ConfigMap": (
        "no-plain-secrets", "api", "a.yaml",
        lambda it: next(each for each in it.objects() if each["kind"] == "ConfigMap")["data"].update(
            {"a.yaml": "AKIA" + "A" * 16}
        ),
    ),
    "a Secret in Git": (
        "no-secret-objects", "mailer", "ExternalSecret",
        lambda it: it.twin("ServiceAccount", "mailer", "mailer-token").update(kind="Secret"),
    ),
    "a name with capitals": (
        "legal-names", "api", "'Api'", lambda it: it.twin("Role", "api-blue", "Api").update(kind="ConfigMap", data={}),
    ),
    "a Service that begins with a digit": (
        "legal-names", "mailer", "'1st'",
        lambda it: it.twin("ServiceAccount", "mailer", "1st").update(kind="Service", spec={}),
    ),
    "a job with a long name": (
        "legal-names", "nightly", "at most 52", lambda it: it.twin("CronJob", "nightly", "n" * 53),
    ),
    "a long volume": (
        "legal-names", "mailer", "volume",
        lambda it: it.pod("mailer")["volumes"].append({"name": "config-" + "v" * 57, "emptyDir": {}}),
    ),
    "a long port": (
        "legal-names", "mailer", "at most 15",
        lambda it: it.main("mailer").update(ports=[{"name": "p" * 16, "containerPort": 1}]),
    ),
    "a container with a point": ("legal-names", "mailer", "'a.b'", lambda it: it.main("mailer").update(name="a.b")),
    "a long label": (
        "legal-labels", "web", "63",
        lambda it: metadata(it)["labels"].update({"desired.dev/note": "n" * 64}),
    ),
    "a label that ends in a dash": (
        "legal-labels", "web", "'n-'",
        lambda it: it.one("Deployment", "web-blue")["spec"]["template"]["metadata"]["labels"].update(note="n-"),
    ),
    "a label whose key has a space": (
        "legal-labels", "web", "'a b'", lambda it: metadata(it)["labels"].update({"a b": "c"}),
    ),
    "an annotation with two slashes": (
        "legal-labels", "web", "'a/b/c'",
        lambda it: metadata(it).update(annotations={"a/b/c": ""}),
    ),
    "annotations that are too long": (
        "legal-labels", "web", "262144",
        lambda it: metadata(it).update(annotations={"note": "n" * 262_144}),
    ),
    "a cluster role from a service": (
        "no-cluster-scope", "api", "whole cluster",
        lambda it: it.twin("Role", "api-blue", "api").update(kind="ClusterRole"),
    ),
    "an object without a namespace": (
        "no-cluster-scope", "api", "whole cluster",
        lambda it: it.twin("Role", "api-blue", "api")["metadata"].pop("namespace"),
    ),
    "an object in another namespace": (
        "no-cluster-scope", "api", "flux-system",
        lambda it: it.twin("Role", "api-blue", "api")["metadata"].update(namespace="flux-system"),
    ),
    "an object with the label of another service": (
        "carries-its-service", "api", "'web'",
        lambda it: it.twin("Role", "api-blue", "api")["metadata"]["labels"].update({"app.kubernetes.io/name": "web"}),
    ),
    "an object without the label": (
        "carries-its-service", "api", "None", lambda it: it.twin("Role", "api-blue", "api")["metadata"].pop("labels"),
    ),
    "replicas and an autoscaler": (
        "replicas-or-autoscaler", "web", "undo each other",
        lambda it: it.one("Deployment", "web-blue")["spec"].update(replicas=2),
    ),
    "bounds that cross": ("autoscaler-fits", "web", "2 to 1", lambda it: hpa(it).update(maxReplicas=1)),
    "a lower bound of nothing": ("autoscaler-fits", "web", "0 to 4", lambda it: hpa(it).update(minReplicas=0)),
    "nothing to measure": ("autoscaler-fits", "web", "measures nothing", lambda it: hpa(it).pop("metrics")),
    "a target that is not there": (
        "autoscaler-fits", "web", "Deployment gone",
        lambda it: it.twin("HorizontalPodAutoscaler", "web-blue", "other")["spec"]["scaleTargetRef"].update(name="gone"),
    ),
    "two autoscalers": (
        "autoscaler-fits", "web", "both scale", lambda it: it.twin("HorizontalPodAutoscaler", "web-blue", "other"),
    ),
    "a budget that says two things": ("budget-fits", "web", "one of", lambda it: budget(it).update(minAvailable=1)),
    "a budget that says nothing": ("budget-fits", "web", "one of", keep),
    "a budget that keeps all pods": ("budget-fits", "web", "keeps 2 of 2", lambda it: keep(it, minAvailable=2)),
    "a budget that keeps nearly all": ("budget-fits", "web", "51% of 2", lambda it: keep(it, minAvailable="51%")),
    "a budget that lets none go": ("budget-fits", "web", "at least 1", lambda it: budget(it).update(maxUnavailable="0%")),
    "a budget of nobody": (
        "budget-fits", "web", "selects no pod", lambda it: budget(it)["selector"].update(matchLabels={"a": "b"}),
    ),
    "two budgets": ("budget-fits", "web", "same pods", lambda it: it.twin("PodDisruptionBudget", "web-blue", "other")),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_planted_defect_is_found_by_its_rule_alone(planted: Planted, case: str) -> None:
    rule, subject, words, plant = CASES[case]
    plant(planted)
    found = planted.findings()
    assert {(each.rule, each.subject) for each in found} == {(rule, subject)}
    assert any(words in each.sentence for each in found)


def test_every_rule_over_a_unit_has_a_planted_defect() -> None:
    assert {rule for rule, *_ in CASES.values()} == {rule_id(rule) for rule in UNIT_RULES}


ALLOWED: dict[str, Plant] = {
    "a limit of CPU at the request": lambda it: it.main("web-blue")["resources"]["limits"].update(cpu="50m"),
    "a local seccomp profile": lambda it: it.pod("web-blue")["securityContext"].update(
        seccompProfile={"type": "Localhost", "localhostProfile": "a.json"}
    ),
    "the one capability that restricted allows": lambda it: it.main("web-blue")["securityContext"][
        "capabilities"
    ].update(add=["NET_BIND_SERVICE"]),
    "a budget that keeps half": lambda it: keep(it, minAvailable="50%"),
    "a token with permissions": lambda it: it.pod("api-blue").update(automountServiceAccountToken=True),
    "a label without a value": lambda it: metadata(it)["labels"].update({"a/b": ""}),
    "a cluster-wide object of the platform": lambda it: it.twin("PriorityClass", "tier-1", "tier-0"),
    "a declared public value": lambda it: (
        it.unit_of("Deployment", "web-blue").unit.update(public=["MAP_TOKEN"]),
        it.main("web-blue")["env"].append({"name": "MAP_TOKEN", "value": "for-everybody"}),
    ),
}


@pytest.mark.parametrize("case", ALLOWED)
def test_what_is_allowed_is_not_found(planted: Planted, case: str) -> None:
    ALLOWED[case](planted)
    assert planted.findings() == []
