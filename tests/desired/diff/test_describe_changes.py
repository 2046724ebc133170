"""What changed in one object, in words."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desired.diff.changes import changes, same
from desired.diff.describe_changes import renamed, texts, words

Object = dict[str, Any]
A, B = "a" * 64, "b" * 64
Change = Callable[[Object], object]


def deployment() -> Object:
    container = {
        "name": "checkout",
        "image": f"example.com/checkout@sha256:{A}",
        "args": ["--fast", "--safe"],
        "env": [
            {"name": "LOG_LEVEL", "value": "info"},
            {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "checkout-api", "key": "token"}}},
        ],
        "ports": [{"name": "http", "containerPort": 8080}, {"containerPort": 9090}],
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "64Mi"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 5},
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }
    sidecar = {"name": "proxy", "image": f"example.com/proxy@sha256:{A}"}
    volumes = [{"name": "tmp", "emptyDir": {}}, {"name": "flags", "configMap": {"name": "checkout-flags-1111111111"}}]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "checkout-blue", "labels": {"app.kubernetes.io/name": "checkout"}},
        "spec": {
            "replicas": 2,
            "template": {
                "metadata": {"labels": {"app.kubernetes.io/name": "checkout"}},
                "spec": {"containers": [container, sidecar], "volumes": volumes},
            },
        },
    }


def route() -> Object:
    return {
        "kind": "HTTPRoute",
        "metadata": {"name": "checkout"},
        "spec": {
            "parentRefs": [{"name": "internal", "sectionName": "http"}],
            "hostnames": ["checkout.shop", "checkout.shop.svc"],
            "rules": [
                {
                    "matches": [{"path": {"value": "/"}}],
                    "backendRefs": [{"name": "checkout-blue", "weight": 100}],
                    "timeouts": {"request": "15s"},
                }
            ],
        },
    }


def autoscaler() -> Object:
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 70}}}
    return {"kind": "HorizontalPodAutoscaler", "spec": {"minReplicas": 2, "maxReplicas": 4, "metrics": [metric]}}


def _main(item: Object) -> Any:
    return item["spec"]["template"]["spec"]["containers"][0]


def _rule(item: Object) -> Any:
    return item["spec"]["rules"][0]


@pytest.mark.parametrize(
    ("start", "change", "expected"),
    [
        pytest.param(
            deployment, lambda o: _main(o).update(image=f"example.com/checkout@sha256:{B}"),
            ["image aaaaaaaaaaaa… → bbbbbbbbbbbb…"], id="image",
        ),
        pytest.param(
            deployment, lambda o: _main(o).update(image=f"example.com/other@sha256:{A[:-1]}c"),
            ["image example.com/checkout@…aaaaaaaaaaaa → example.com/other@…aaaaaaaaaaac"], id="image-alike",
        ),
        pytest.param(
            deployment, lambda o: o["spec"]["template"]["spec"]["containers"][1].update(image="proxy:2"),
            [f"image of proxy example.com/proxy@sha256:{A[:54]}… → proxy:2"], id="image-of-a-sidecar",
        ),
        pytest.param(
            deployment, lambda o: o["spec"]["template"]["spec"]["containers"].pop(),
            [f"container proxy removed, was image example.com/proxy@sha256:{A[:48]}…"], id="container",
        ),
        pytest.param(deployment, lambda o: o["spec"].update(replicas=3), ["replicas 2 → 3"], id="replicas"),
        pytest.param(deployment, lambda o: o["spec"].pop("replicas"), ["replicas removed, was 2"], id="no-replicas"),
        pytest.param(
            deployment, lambda o: _main(o)["env"][0].update(value="debug"), ["env LOG_LEVEL info → debug"], id="env",
        ),
        pytest.param(
            deployment, lambda o: _main(o)["env"].insert(0, {"name": "NEW", "value": ""}),
            ['env NEW added: ""'], id="env-added-in-front",
        ),
        pytest.param(
            deployment, lambda o: _main(o).pop("env"),
            ["env LOG_LEVEL removed, was info", "env TOKEN removed, was from the secret checkout-api, key token"],
            id="all-env-removed",
        ),
        pytest.param(
            deployment, lambda o: _main(o)["env"].reverse(),
            ["spec.template.spec.containers[checkout].env.order: LOG_LEVEL, TOKEN → TOKEN, LOG_LEVEL"], id="env-order",
        ),
        pytest.param(
            deployment, lambda o: _main(o)["resources"]["requests"].update(cpu="100m"),
            ["cpu request 50m → 100m"], id="request",
        ),
        pytest.param(
            deployment, lambda o: _main(o)["resources"].pop("limits"), ["memory limit removed, was 64Mi"], id="limit",
        ),
        pytest.param(
            deployment, lambda o: _main(o).pop("readinessProbe"),
            ["readiness probe removed, was HTTP /ready on http every 5 s"], id="probe",
        ),
        pytest.param(
            deployment, lambda o: _main(o)["readinessProbe"]["httpGet"].update(path="/ok"),
            ["readiness probe httpGet.path /ready → /ok"], id="path-of-a-probe",
        ),
        pytest.param(
            deployment, lambda o: _main(o)["args"].reverse(), ["arguments --fast, --safe → --safe, --fast"], id="args",
        ),
        pytest.param(
            deployment, lambda o: _main(o)["ports"].append({"containerPort": 9091}),
            ["port 9091 added: 9091"], id="port-without-a-name",
        ),
        pytest.param(
            deployment,
            lambda o: o["spec"]["template"]["spec"]["volumes"][1]["configMap"].update(name="checkout-flags-2222222222"),
            ["ConfigMap of volume flags checkout-flags-1111111111 → checkout-flags-2222222222"], id="volume",
        ),
        pytest.param(
            deployment, lambda o: o["metadata"]["labels"].update({"example.com/tier": "1"}),
            ["label example.com/tier added: 1"], id="label",
        ),
        pytest.param(
            deployment, lambda o: o["spec"]["template"]["metadata"].update(annotations={"on": "yes"}),
            ["pod annotation on added: yes"], id="first-pod-annotation",
        ),
        pytest.param(
            deployment, lambda o: o["spec"].update(paused=True), ["spec.paused added: true"], id="by-its-path",
        ),
        pytest.param(
            deployment, lambda o: o["spec"]["template"]["spec"].update(hostname=None),
            ["spec.template.spec.hostname added: null"], id="null-is-a-value",
        ),
        pytest.param(
            route, lambda o: _rule(o).update(
                backendRefs=[{"name": "checkout-blue", "weight": 90}, {"name": "checkout-green", "weight": 10}]
            ),
            ["weight of checkout-blue 100 → 90", "backend checkout-green added: weight 10"], id="share",
        ),
        pytest.param(
            route, lambda o: o["spec"].update(hostnames=["checkout.shop.svc", "pay.shop"]),
            ["hosts: pay.shop added, checkout.shop removed"], id="hosts",
        ),
        pytest.param(
            route, lambda o: _rule(o)["timeouts"].update(request="0s"), ["request time-out 15s → 0s"], id="time-out",
        ),
        pytest.param(
            route, lambda o: o["spec"]["rules"].insert(0, {"matches": []}),
            ['spec.rules[0] added: {"matches": []}'], id="rule-in-front",
        ),
        pytest.param(
            autoscaler, lambda o: o["spec"].update(minReplicas=3, maxReplicas=9),
            ["min replicas 2 → 3", "max replicas 4 → 9"], id="bounds",
        ),
        pytest.param(
            autoscaler, lambda o: o["spec"]["metrics"][0]["resource"]["target"].update(averageUtilization=60),
            ["cpu target in per cent 70 → 60"], id="metric",
        ),
    ],
)  # fmt: skip
def test_a_change_is_said_in_words(start: Callable[[], Object], change: Change, expected: list[str]) -> None:
    new = start()
    change(new)
    assert words(start(), new) == expected


def test_one_is_neither_true_nor_a_float() -> None:
    assert [word for value in (True, 1.0) for word in words({"a": 1}, {"a": value})] == ["a: 1 → true", "a: 1 → 1.0"]


def test_long_texts_are_shown_where_they_differ() -> None:
    old = f"service.namespace=shop,{'x' * 100},version=1.0,{'y' * 100}"
    (word,) = words({"a": old}, {"a": old.replace("1.0", "2.0")})
    assert "version=1.0" in word
    assert "version=2.0" in word
    assert len(word) < 120


def test_a_configuration_file_is_counted_and_shown_by_its_lines() -> None:
    old, new = ({"data": {"flags.json": text}} for text in ("a\nb\nc\n", "a\nB\nc\nd\n"))
    assert words(old, new) == ["key flags.json: 2 lines added, 1 line removed"]
    assert texts(old, new) == ['data["flags.json"]', "@@ -1,3 +1,4 @@", " a", "-b", "+B", " c", "+d"]


def _config_map(name: str) -> Object:
    return {"kind": "ConfigMap", "metadata": {"name": name}}


def test_a_config_map_with_another_hash_is_the_same_one() -> None:
    old, new = _config_map("checkout-blue-flags-0123456789"), _config_map("checkout-blue-flags-abcdef0123")
    assert renamed([old, _config_map("other-0123456789")], [_config_map("plain"), new]) == [(old, new)]


def test_only_config_maps_carry_a_hash() -> None:
    old, new = (_config_map(f"a-{digit * 10}") | {"kind": "Secret"} for digit in "12")
    assert renamed([old], [new]) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(st.fixed_dictionaries({"name": st.sampled_from("abc")}, optional={"value": inner}), max_size=4)
        | st.dictionaries(st.sampled_from(["env", "name", "labels", "spec", "ports", "a.b"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(JSON, JSON)
def test_there_are_words_exactly_if_something_differs(old: Any, new: Any) -> None:
    before, after = {"spec": old}, {"spec": new}
    assert bool(words(before, after)) == bool(list(changes(before, after))) == (not same(before, after))
    assert all("\n" not in word for word in words(before, after))


@given(JSON)
def test_what_is_equal_has_no_change(value: Any) -> None:
    assert list(changes(value, copy.deepcopy(value))) == []
