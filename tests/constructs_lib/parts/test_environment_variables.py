"""The variables of containers: what is given, what the service says, and addresses that nobody types."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import Claim, Container, Dependency, Environment, FieldOf, Override, Port, Public, Service, Version
from constructs_lib.parts.environment_variables import variables, variables_beside
from tests.support.fleet import IMAGE, environment, service, worker
from tests.support.rendered import ENV, VERSION, env_of, resolved

_COLLECTOR = service("collector", ports=(Port.grpc(4317),), route=None)
_COLLECTED = environment(collector="collector")
_TELEMETRY = (
    "OTEL_SERVICE_NAME",
    "OTEL_RESOURCE_ATTRIBUTES",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
)


def env(given: Service, *among: Service, of: Environment = ENV, version: Version = VERSION) -> dict[str, Any]:
    return env_of({"env": variables(resolved(given, *among, env=of), version, "blue")})


@pytest.mark.parametrize(
    ("value", "rendered"),
    [
        pytest.param("text", "text", id="a text"),
        pytest.param("", "", id="an empty text"),
        pytest.param(8080, "8080", id="a number, which Kubernetes takes as text only"),
        pytest.param(Public(public="abc", reason="A public key of the demo."), "abc", id="a public value"),
        pytest.param(FieldOf(field="metadata.uid"), {"fieldRef": {"fieldPath": "metadata.uid"}}, id="a field"),
    ],
)
def test_a_variable_holds(value: Any, rendered: Any) -> None:
    assert env(service(env={"V": value}))["V"] == rendered


def test_every_container_knows_its_pod_and_how_much_to_log() -> None:
    found = env(worker(), of=environment(log_level="debug"))
    assert found == {
        "POD_NAME": {"fieldRef": {"fieldPath": "metadata.name"}},
        "POD_IP": {"fieldRef": {"fieldPath": "status.podIP"}},
        "NODE_NAME": {"fieldRef": {"fieldPath": "spec.nodeName"}},
        "LOG_LEVEL": "debug",
    }


@pytest.mark.parametrize(
    ("fields", "of", "value"),
    [
        pytest.param({}, ENV, "info", id="the library's where nothing is said"),
        pytest.param({"env": {"LOG_LEVEL": "warn"}}, ENV, "warn", id="the service's over that"),
        pytest.param(
            {"env": {"LOG_LEVEL": "warn"}},
            environment(overrides={"greeter": Override(reason="Under investigation.", env={"LOG_LEVEL": "debug"})}),
            "debug",
            id="the environment's over all",
        ),
    ],
)
def test_the_last_word_on_a_variable_is(fields: dict[str, Any], of: Environment, value: str) -> None:
    assert env(service(**fields), of=of)["LOG_LEVEL"] == value


def test_a_variable_stands_once() -> None:
    listed = variables(resolved(service(env={"LOG_LEVEL": "warn", "POD_NAME": "me"})), VERSION, "blue")
    assert sorted({each["name"] for each in listed}) == sorted(each["name"] for each in listed)


_WEB = service("product-catalog")
_CALLED = (
    _WEB,
    service("both", ports=(Port.http(8080), Port.grpc(5000))),
    service("rpc", ports=(Port.grpc(5000),)),
    service("flags", ports=(Port.grpc(8013), Port.http(8016)), route=None),
    service("queue", ports=(Port.tcp(9092),)),
    service("store", ports=(Port.tcp(6379),), claims=(Claim(name="data", path="/data", size="1Gi"),)),
)


@pytest.mark.parametrize(
    ("dependency", "expected"),
    [
        pytest.param("product-catalog", {"PRODUCT_CATALOG_ADDR": "product-catalog.apps:8080"}, id="routed"),
        pytest.param("rpc", {"RPC_ADDR": "rpc.apps:8080"}, id="routed, at the gateway's port whatever its own"),
        pytest.param("both", {"BOTH_ADDR": "both.apps:8080"}, id="the http port of two"),
        pytest.param(
            Dependency(service="both", port="grpc"), {"BOTH_ADDR": "both-grpc.apps:8080"}, id="the grpc port of two"
        ),
        pytest.param("flags", {"FLAGS_ADDR": "flags.apps:8013"}, id="without a route, at its own port"),
        pytest.param(Dependency(service="flags", port="http"), {"FLAGS_ADDR": "flags.apps:8016"}, id="its second port"),
        pytest.param("queue", {"QUEUE_ADDR": "queue.apps:9092"}, id="tcp"),
        pytest.param("store", {"STORE_ADDR": "store.apps:6379"}, id="stateful"),
        pytest.param("absent", {}, id="one that does not run here"),
        pytest.param(
            Dependency(service="queue", env={"HOST": "{host}", "PORT": "{port}", "URL": "tcp://{address}/q"}),
            {"HOST": "queue.apps", "PORT": "9092", "URL": "tcp://queue.apps:9092/q"},
            id="as the service wants it",
        ),
    ],
)
def test_the_address_of_a_dependency_is_written_into_the_caller(dependency: Any, expected: dict[str, str]) -> None:
    given = service(depends_on=(dependency,))
    found = env(given, *_CALLED)
    assert {name: value for name, value in found.items() if name not in env(service())} == expected


def test_the_namespace_of_the_environment_is_in_the_address() -> None:
    assert env(service(depends_on=("product-catalog",)), _WEB, of=environment(namespace="shop"))[
        "PRODUCT_CATALOG_ADDR"
    ] == ("product-catalog.shop:8080")


def test_telemetry_goes_to_the_collector_of_the_environment() -> None:
    found = env(service(), _COLLECTOR, of=_COLLECTED)
    assert found["OTEL_SERVICE_NAME"] == "greeter"
    assert found["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://collector.apps:4317"
    assert found["OTEL_EXPORTER_OTLP_PROTOCOL"] == "grpc"
    assert found["OTEL_RESOURCE_ATTRIBUTES"].split(",") == [
        "service.namespace=apps",
        "service.version=v1.2.3",
        "service.instance.id=$(POD_NAME)",
        "deployment.environment.name=test",
        "k8s.cluster.name=test-apps",
        "k8s.pod.name=$(POD_NAME)",
        "k8s.node.name=$(NODE_NAME)",
    ]


def test_what_another_variable_refers_to_stands_before_it() -> None:
    order = list(env(service(), _COLLECTOR, of=_COLLECTED))
    assert max(order.index("POD_NAME"), order.index("NODE_NAME")) < order.index("OTEL_RESOURCE_ATTRIBUTES")


@pytest.mark.parametrize(
    ("given", "among", "of"),
    [
        pytest.param(service(telemetry=False), [_COLLECTOR], _COLLECTED, id="the service sends none"),
        pytest.param(service(), [], _COLLECTED, id="no collector runs in the cluster"),
        pytest.param(service(), [_COLLECTOR], ENV, id="the environment names no collector"),
        pytest.param(
            service("collector", ports=(Port.grpc(4317),)), [_COLLECTOR], _COLLECTED, id="it is the collector"
        ),
        pytest.param(service(), [service("collector")], _COLLECTED, id="the collector takes no grpc"),
    ],
)
def test_there_are_no_telemetry_variables_where(given: Service, among: list[Service], of: Environment) -> None:
    assert not set(_TELEMETRY) & set(env(given, *among, of=of))


@pytest.mark.parametrize(
    ("version", "said"),
    [
        pytest.param({"ref": "v1.2.3", "commit": "c0ffee1234567890"}, "v1.2.3", id="the number in the ref"),
        pytest.param({"ref": "1.2.3+45"}, "1.2.3%2B45", id="the number in the ref, encoded"),
        pytest.param({"ref": "main", "commit": "c0ffee1234567890"}, "c0ffee123456", id="the commit"),
        pytest.param({"ref": "main"}, "222222222222", id="the digest of the image, of a branch"),
        pytest.param({}, "222222222222", id="the digest of the image"),
    ],
)
def test_the_version_in_the_telemetry_is(version: dict[str, str], said: str) -> None:
    made = Version.model_validate({"image": IMAGE, "since": "2026-01-01T00:00:00Z", **version})
    attributes = env(service(), _COLLECTOR, of=_COLLECTED, version=made)["OTEL_RESOURCE_ATTRIBUTES"]
    assert f",service.version={said},service.instance.id=" in attributes


def test_a_container_beside_is_given_the_same_under_its_own_name() -> None:
    beside = Container(name="proxy", image=IMAGE, env={"MODE": "fast"})
    given = resolved(service(env={"OWN": "1"}, sidecars=(beside,)), _COLLECTOR, env=_COLLECTED)
    found = env_of({"env": variables_beside(given, VERSION, "blue", beside)})
    assert (found["MODE"], found["OTEL_SERVICE_NAME"], found["LOG_LEVEL"]) == ("fast", "proxy", "info")
    assert "OWN" not in found
