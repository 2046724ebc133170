"""The pod: restricted, with its containers and volumes, spread, and ended with grace."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import (
    Claim,
    Config,
    Container,
    Environment,
    Permission,
    Port,
    Probe,
    Resources,
    Scale,
    Secret,
    Service,
    Shutdown,
    Version,
    Volume,
)
from constructs_lib.parts.pod import job_pod_template, pod_template
from constructs_lib.values import Schedule
from tests.support.fleet import IMAGE, environment, service, worker
from tests.support.rendered import ENV, VERSION, resolved

_INIT = Container(name="migrate", image=IMAGE, command=("migrate",), args=("up",), size="M")
_SIDECAR = Container(name="proxy", image=IMAGE, ports=(Port.http(15000, "admin"),), readiness=Probe.http("/ready"))
_FULL = service(
    init=(_INIT,),
    sidecars=(_SIDECAR,),
    volumes=(Volume.scratch("/cache", "1Gi"), Volume.memory("/shm", "64Mi")),
    configs=(Config(name="main", data={"a": "1"}, mount="/etc/main"), Config(name="unmounted", data={"b": "2"})),
    secrets=(Secret(name="api", keys={"t": "api#t"}, mount="/etc/api"),),
)
_STORE = service("store", ports=(Port.tcp(6379),), claims=(Claim(name="data", path="/data", size="1Gi"),))
_JOB = worker("nightly", schedule=Schedule(cron="0 3 * * *"), sidecars=(_SIDECAR,))
_KINDS = [
    pytest.param(_FULL, id="a microservice with everything"),
    pytest.param(worker(), id="a worker"),
    pytest.param(_STORE, id="a stateful one"),
    pytest.param(_JOB, id="a scheduled job"),
]


def spec_of(given: Service, env: Environment = ENV, version: Version = VERSION) -> dict[str, Any]:
    at = resolved(given, env=env)
    if given.schedule:
        spec: dict[str, Any] = job_pod_template(at, version)["spec"]
    else:
        spec = pod_template(at, version, "blue" if given.slotted else "")["spec"]
    return spec


def containers(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [*spec.get("initContainers", []), *spec["containers"]]


@pytest.mark.parametrize("given", _KINDS)
def test_every_pod_is_restricted(given: Service) -> None:
    spec = spec_of(given)
    assert spec["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 10001,
        "runAsGroup": 10001,
        "fsGroup": 10001,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert {"hostNetwork", "hostPID", "hostIPC"} & set(spec) == set()
    assert {kind for volume in spec["volumes"] for kind in volume} <= {"name", "emptyDir", "configMap", "secret"}


@pytest.mark.parametrize("given", _KINDS)
def test_every_container_is_restricted_and_can_write_to_tmp_only(given: Service) -> None:
    for container in containers(spec_of(given)):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"name": "tmp", "mountPath": "/tmp"} in container["volumeMounts"]


def test_another_user_may_be_named() -> None:
    context = spec_of(service(user=20_000))["securityContext"]
    assert [context[key] for key in ("runAsUser", "runAsGroup", "fsGroup")] == [20_000] * 3


def test_the_main_container_runs_the_image_of_the_version() -> None:
    main = spec_of(service(command=("serve",), args=("--fast",)))["containers"][0]
    assert main["image"] == VERSION.image
    assert (main["command"], main["args"]) == (["serve"], ["--fast"])


def test_the_program_of_the_image_runs_where_nothing_is_said() -> None:
    assert not {"command", "args"} & set(spec_of(service())["containers"][0])


def test_an_init_container_ends_before_the_sidecars_begin() -> None:
    migrate, proxy = spec_of(_FULL)["initContainers"]
    assert (migrate["name"], migrate["command"], migrate["args"]) == ("migrate", ["migrate"], ["up"])
    assert "restartPolicy" not in migrate
    assert (proxy["name"], proxy["restartPolicy"]) == ("proxy", "Always")


def test_a_pod_is_ready_only_when_its_sidecar_is() -> None:
    _, proxy = spec_of(_FULL)["initContainers"]
    assert proxy["readinessProbe"]["httpGet"] == {"path": "/ready", "port": "admin"}
    assert proxy["ports"] == [{"name": "admin", "containerPort": 15000, "protocol": "TCP"}]


@pytest.mark.parametrize(
    ("size", "reserved"),
    [
        pytest.param("S", {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "64Mi"}}, id="S here"),
        pytest.param("L", {"requests": {"cpu": "200m", "memory": "256Mi"}, "limits": {"memory": "256Mi"}}, id="L here"),
        pytest.param(
            Resources(cpu="1", memory="1Gi", cpu_limit="2", memory_limit="2Gi"),
            {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "2", "memory": "2Gi"}},
            id="numbers",
        ),
    ],
)
def test_a_size_is_what_the_environment_makes_of_it(size: Any, reserved: dict[str, Any]) -> None:
    beside = Container(name="proxy", image=IMAGE, size=size)
    assert [each["resources"] for each in containers(spec_of(service(size=size, sidecars=(beside,))))] == [reserved] * 2


def test_volumes_hold_what_was_asked_for() -> None:
    volumes = {each["name"]: each for each in spec_of(_FULL)["volumes"]}
    assert list(volumes) == ["tmp", "scratch-0", "scratch-1", "config-main", "secret-api"]
    assert volumes["tmp"]["emptyDir"] == {"sizeLimit": "128Mi"}
    assert volumes["scratch-0"]["emptyDir"] == {"sizeLimit": "1Gi"}
    assert volumes["scratch-1"]["emptyDir"] == {"medium": "Memory", "sizeLimit": "64Mi"}


def test_every_container_mounts_the_volumes_of_the_pod() -> None:
    expected = [
        {"name": "tmp", "mountPath": "/tmp"},
        {"name": "scratch-0", "mountPath": "/cache"},
        {"name": "scratch-1", "mountPath": "/shm"},
        {"name": "config-main", "mountPath": "/etc/main", "readOnly": True},
        {"name": "secret-api", "mountPath": "/etc/api", "readOnly": True},
    ]
    assert [each["volumeMounts"] for each in containers(spec_of(_FULL))] == [expected] * 3


def test_a_claim_is_mounted_where_the_service_says() -> None:
    assert {"name": "data", "mountPath": "/data"} in spec_of(_STORE)["containers"][0]["volumeMounts"]


_THREE = Scale.fixed(3)


@pytest.mark.parametrize(
    ("given", "zones", "over"),
    [
        pytest.param(service(scale=_THREE), ("a", "b"), {"zone", "node"}, id="several pods and zones"),
        pytest.param(worker(scale=_THREE), ("a", "b"), {"zone", "node"}, id="a worker"),
        pytest.param(service(scale=_THREE), ("a",), {"node"}, id="one zone"),
        pytest.param(service(scale=Scale.between(1, 3)), ("a", "b"), {"zone", "node"}, id="sometimes several pods"),
        pytest.param(service(scale=Scale.fixed(1)), ("a", "b"), set(), id="one pod"),
        pytest.param(_JOB, ("a", "b"), set(), id="a job"),
    ],
)
def test_pods_are_spread_over(given: Service, zones: tuple[str, ...], over: set[str]) -> None:
    spec = spec_of(given, environment(zones=zones))
    found = {"zone"} if "topologySpreadConstraints" in spec else set()
    assert found | ({"node"} if "podAntiAffinity" in spec.get("affinity", {}) else set()) == over


@pytest.mark.parametrize("tier", [1, 2, 3])
def test_pods_are_drawn_to_nodes_of_their_tier_and_run_elsewhere_without_them(tier: int) -> None:
    near = spec_of(service(tier=tier))["affinity"]["nodeAffinity"]
    label = {"key": f"node.cluster.x-k8s.io/tier-{tier}", "operator": "Exists"}
    preferred = {"weight": 50, "preference": {"matchExpressions": [label]}}
    assert near == {"preferredDuringSchedulingIgnoredDuringExecution": [preferred]}


@pytest.mark.parametrize(
    ("given", "selected", "keys"),
    [
        pytest.param(
            service(scale=_THREE),
            {"app.kubernetes.io/name": "greeter", "desired.dev/slot": "blue"},
            ["pod-template-hash"],
            id="a slot, each rolling update counted alone",
        ),
        pytest.param(_STORE, {"app.kubernetes.io/name": "store"}, None, id="a stateful one, whose pods have no hash"),
    ],
)
def test_a_pod_keeps_away_from_its_own_kind_but_never_waits_for_that(
    given: Service, selected: dict[str, str], keys: list[str] | None
) -> None:
    spec = spec_of(given)
    (zones,) = spec["topologySpreadConstraints"]
    (nodes,) = spec["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    assert (zones["topologyKey"], zones["maxSkew"], zones["whenUnsatisfiable"]) == (
        "topology.kubernetes.io/zone",
        1,
        "ScheduleAnyway",
    )
    assert zones.get("matchLabelKeys") == keys
    assert nodes["podAffinityTerm"]["topologyKey"] == "kubernetes.io/hostname"
    assert zones["labelSelector"] == nodes["podAffinityTerm"]["labelSelector"] == {"matchLabels": selected}


@pytest.mark.parametrize(
    ("given", "drain", "grace"),
    [
        pytest.param(service(), 10, 30, id="where nothing is said"),
        pytest.param(service(shutdown=Shutdown(drain_seconds=5, finish_seconds=55)), 5, 60, id="as said"),
        pytest.param(_STORE, 10, 30, id="a stateful one"),
        pytest.param(worker(shutdown=Shutdown(finish_seconds=120)), None, 130, id="a worker has nobody to drain"),
    ],
)
def test_drain_and_finish_add_up_to_the_grace_period(given: Service, drain: int | None, grace: int) -> None:
    spec = spec_of(given)
    lifecycle = spec["containers"][0].get("lifecycle")
    assert lifecycle == ({"preStop": {"sleep": {"seconds": drain}}} if drain else None)
    assert spec["terminationGracePeriodSeconds"] == grace


@pytest.mark.parametrize("tier", [1, 2, 3])
def test_the_tier_is_the_priority(tier: int) -> None:
    assert spec_of(service(tier=tier))["priorityClassName"] == f"tier-{tier}"


@pytest.mark.parametrize("given", _KINDS)
def test_a_token_is_mounted_only_with_permissions(given: Service) -> None:
    asked = given.model_copy(update={"permissions": (Permission(resources=("pods",), verbs=("get",)),)})
    assert [spec_of(each)["automountServiceAccountToken"] for each in (given, asked)] == [False, True]


@pytest.mark.parametrize(
    ("version", "annotations"),
    [
        pytest.param(VERSION, {"desired.dev/commit": "c0ffee1234567890", "desired.dev/ref": "v1.2.3"}, id="known"),
        pytest.param(VERSION.model_copy(update={"commit": None, "ref": ""}), None, id="unknown"),
    ],
)
def test_a_pod_tells_what_it_was_built_from(version: Version, annotations: dict[str, str] | None) -> None:
    assert pod_template(resolved(service()), version, "blue")["metadata"].get("annotations") == annotations
