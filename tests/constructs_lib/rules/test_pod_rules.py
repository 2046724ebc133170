"""Rules about pods bite: each defect, planted in pods that break no rule, is found by one of them alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from constructs_lib.testing import Object
from tests.support.fleet import IMAGE
from tests.support.planted import Planted, found_by, rules_of

Plant = Callable[[Planted], object]


def main(it: Planted) -> Object:
    return it.main("web-blue")


def pod(it: Planted) -> Object:
    return it.pod("web-blue")


def context(it: Planted) -> Object:
    found: Object = main(it)["securityContext"]
    return found


def stateful(it: Planted) -> Object:
    return it.pod("store", "StatefulSet")


def beside(it: Planted, number: int) -> Object:
    found: Object = it.pod("api-blue")["initContainers"][number]
    return found


CASES: dict[str, tuple[str, str, str, Plant]] = {
    "an image by tag": ("image-by-digest", "web", "a:1.2", lambda it: main(it).update(image="a:1.2")),
    "no image": ("image-by-digest", "web", "''", lambda it: main(it).pop("image")),
    "a short digest": (
        "image-by-digest", "web", "abc", lambda it: main(it).update(image="a@sha256:abc"),
    ),
    "an init container by tag": ("image-by-digest", "api", "first", lambda it: beside(it, 0).update(image="a:1")),
    "a sidecar by tag": ("image-by-digest", "api", "beside", lambda it: beside(it, 1).update(image="a:1")),
    "a job by tag": (
        "image-by-digest", "nightly", "a:1",
        lambda it: it.pod("nightly", "CronJob")["containers"][0].update(image="a:1"),
    ),
    "a stateful service by tag": (
        "image-by-digest", "store", "a:1", lambda it: stateful(it)["containers"][0].update(image="a:1"),
    ),
    "latest with a digest": (
        "never-latest", "web", ":latest",
        lambda it: main(it).update(image=IMAGE.replace("@", ":latest@")),
    ),
    "a chart by tag": (
        "chart-by-digest", "OCIRepository/envoy-gateway", "tag",
        lambda it: it.one("OCIRepository", "envoy-gateway")["spec"].update(ref={"tag": "1"}),
    ),
    "no limit of memory": (
        "resources-are-given", "web", "limits.memory", lambda it: main(it)["resources"].pop("limits"),
    ),
    "no CPU reserved": (
        "resources-are-given", "web", "requests.cpu", lambda it: main(it)["resources"]["requests"].pop("cpu"),
    ),
    "a sidecar without resources": (
        "resources-are-given", "api", "beside", lambda it: beside(it, 1).pop("resources"),
    ),
    "a request above its limit": (
        "requests-within-limits", "web", "memory 1Gi",
        lambda it: main(it)["resources"]["requests"].update(memory="1Gi"),
    ),
    "a CPU limit below the request": (
        "requests-within-limits", "web", "1m", lambda it: main(it)["resources"]["limits"].update(cpu="1m"),
    ),
    "a request that is no quantity": (
        "requests-within-limits", "web", "'much'",
        lambda it: main(it)["resources"]["requests"].update(memory="much"),
    ),
    "a pause as long as the grace period": (
        "shutdown-fits", "web", "at least 50",
        lambda it: main(it)["lifecycle"]["preStop"]["sleep"].update(seconds=30),
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
            pod(it).pop("terminationGracePeriodSeconds"),
            main(it)["lifecycle"]["preStop"]["sleep"].update(seconds=11),
        ),
    ),
    "the same liveness and readiness": (
        "probes-differ", "web", "same liveness",
        lambda it: main(it).update(livenessProbe=main(it)["readinessProbe"]),
    ),
    "a probe of an unknown port": (
        "probe-port-exists", "web", "'admin'",
        lambda it: main(it)["startupProbe"].update(tcpSocket={"port": "admin"}),
    ),
    "a gRPC probe of an unknown number": (
        "probe-port-exists", "rpc", "9999",
        lambda it: it.main("rpc-blue").update(readinessProbe={"grpc": {"port": 9999}}),
    ),
    "maybe root": (
        "runs-as-nobody", "web", "runAsNonRoot", lambda it: pod(it)["securityContext"].pop("runAsNonRoot"),
    ),
    "a low user": (
        "runs-as-nobody", "web", "10000", lambda it: pod(it)["securityContext"].update(runAsUser=10_000),
    ),
    "no group": ("runs-as-nobody", "web", "None", lambda it: pod(it)["securityContext"].pop("runAsGroup")),
    "a sidecar that is root": (
        "runs-as-nobody", "api", "beside", lambda it: beside(it, 1).update(securityContext={
            **it.main("api-blue")["securityContext"], "runAsUser": 0,
        }),
    ),
    "a writable root": (
        "root-file-system-is-read-only", "web", "Volume.scratch",
        lambda it: context(it).pop("readOnlyRootFilesystem"),
    ),
    "privileged": (
        "no-privileges", "web", "is privileged", lambda it: context(it).update(privileged=True),
    ),
    "may gain rights": (
        "no-privileges", "web", "gain privileges",
        lambda it: context(it).pop("allowPrivilegeEscalation"),
    ),
    "keeps capabilities": (
        "no-privileges", "web", "drop ALL", lambda it: context(it).pop("capabilities"),
    ),
    "adds a capability": (
        "no-privileges", "web", "SYS_ADMIN",
        lambda it: context(it)["capabilities"].update(add=["SYS_ADMIN"]),
    ),
    "no seccomp profile": (
        "no-privileges", "web", "seccomp", lambda it: pod(it)["securityContext"].pop("seccompProfile"),
    ),
    "an unmasked proc": (
        "no-privileges", "web", "procMount",
        lambda it: context(it).update(procMount="Unmasked"),
    ),
    "the node's network": ("no-host-access", "web", "hostNetwork", lambda it: pod(it).update(hostNetwork=True)),
    "the node's processes": ("no-host-access", "web", "hostPID", lambda it: pod(it).update(hostPID=True)),
    "a port of the node": (
        "no-host-access", "web", "port 80", lambda it: main(it)["ports"][0].update(hostPort=80),
    ),
    "a folder of the node": (
        "no-host-access", "web", "hostPath",
        lambda it: pod(it)["volumes"].append({"name": "node", "hostPath": {"path": "/"}}),
    ),
    "a token for nothing": (
        "token-only-with-permissions", "web", "automountServiceAccountToken",
        lambda it: pod(it).pop("automountServiceAccountToken"),
    ),
    "a password in a variable": (
        "no-plain-secrets", "web", "DB_PASSWORD",
        lambda it: main(it)["env"].append({"name": "DB_PASSWORD", "value": "hunter2hunter2"}),
    ),
    "a password in a sidecar": (
        "no-plain-secrets", "api", "beside",
        lambda it: beside(it, 1).update(env=[{"name": "API_TOKEN", "value": "x1y2"}]),
    ),
    "a token among the arguments": (
        "no-plain-secrets", "web", "argument", lambda it: main(it).update(args=["glpat-" + "a" * 20]),
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
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_planted_defect_is_found_by_its_rule_and_no_other(planted: Planted, case: str) -> None:
    rule, subject, words, plant = CASES[case]
    plant(planted)
    assert found_by(planted, words) == {(rule, subject)}


def test_each_rule_about_pods_has_a_planted_defect() -> None:
    assert {rule for rule, *_ in CASES.values()} == rules_of("pods")


ALLOWED: dict[str, Plant] = {
    "a limit of CPU at the request": lambda it: main(it)["resources"]["limits"].update(cpu="50m"),
    "a local seccomp profile": lambda it: pod(it)["securityContext"].update(
        seccompProfile={"type": "Localhost", "localhostProfile": "a.json"}
    ),
    "the one capability that restricted allows": lambda it: context(it)["capabilities"].update(
        add=["NET_BIND_SERVICE"]
    ),
    "a token with permissions": lambda it: it.pod("api-blue").update(automountServiceAccountToken=True),
    "a declared public value": lambda it: (
        it.unit_of("Deployment", "web-blue").unit.update(public=["MAP_TOKEN"]),
        main(it)["env"].append({"name": "MAP_TOKEN", "value": "for-everybody"}),
    ),
}


@pytest.mark.parametrize("case", ALLOWED)
def test_an_allowed_change_breaks_no_rule(planted: Planted, case: str) -> None:
    ALLOWED[case](planted)
    assert planted.findings() == []
