"""The resource monitor on a real API server: what it does there, and that nothing is left half done."""

from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from testbed.api import Object, Ref, Refused
from testbed.bed import Bed, Cluster
from testbed.process import until
from testbed.pulumi import Failed, Stack

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = ROOT / "tests" / "testbed" / "pulumi" / "programs" / "shop"
PASSWORD, ENCODED = "correct-horse", "Y29ycmVjdC1ob3JzZQ=="
DEPLOYMENT = Ref("apps/v1", "Deployment", "deployment", "shop")
_WIDGETS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"kind": "Widget", "plural": "widgets"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {"type": "object", "properties": {"size": {"type": "integer", "maximum": 9}}}
                        },
                    }
                },
            }
        ],
    },
}
Make = Callable[..., Stack]


@pytest.fixture(scope="module")
def cluster(bed: Bed) -> Generator[Cluster]:
    with bed.cluster("monitor", kwok=False) as cluster:
        cluster.api.apply(_WIDGETS)
        until(lambda: _served(cluster), "widgets are served")
        yield cluster


@pytest.fixture
def stack(cluster: Cluster, tmp_path: Path) -> Generator[Make]:
    """A stack of the shop with this configuration, on the cluster that its kubeconfig names."""

    def make(fail_after: int | None = None, **config: object) -> Stack:
        secrets = {"password": PASSWORD, "kubeconfig": cluster.kubeconfig.read_text(encoding="utf-8")}
        return Stack("dev", PROGRAM, tmp_path, config, secrets, fail_after=fail_after)

    yield make
    make().unprotect()
    make().destroy()


def _served(cluster: Cluster) -> bool:
    try:
        return cluster.api.namespaced("example.com/v1", "Widget")
    except Refused:
        return False


def _widget(name: str = "widget-0") -> Ref:
    return Ref("example.com/v1", "Widget", name, "shop")


def _got(cluster: Cluster, ref: Ref) -> Object:
    found = cluster.api.get(ref)
    assert found, ref
    return found


def test_what_is_applied_twice_changes_nothing(stack: Make, cluster: Cluster) -> None:
    first = stack(widgets=2, last=True).up()
    assert {step.action for step in first.steps} == {"create"}
    assert first.messages == ()
    generation = _got(cluster, DEPLOYMENT)["metadata"]["generation"]
    again = stack(widgets=2, last=True).up(refresh=True)
    assert {step.action for step in again.steps} == {"same"}
    assert _got(cluster, DEPLOYMENT)["metadata"]["generation"] == generation


def test_a_preview_writes_nothing_and_asks_the_server(stack: Make, cluster: Cluster) -> None:
    stack().up()
    planned = stack(widgets=1, replicas=4).preview()
    changes = {(step.action, step.name, step.changed) for step in planned.changes}
    assert changes == {("update", "deployment", ("spec.replicas",)), ("create", "widget-0", ())}
    assert cluster.api.get(_widget()) is None
    with pytest.raises(Failed, match=r"Widget/widget-0 in shop: the API server refused it: .*spec.size"):
        stack(widgets=1, size=10).preview()


def test_a_changed_size_changes_just_that(stack: Make, cluster: Cluster) -> None:
    stack(widgets=2).up()
    done = stack(widgets=2, replicas=3).up()
    assert [(step.action, step.name, step.changed) for step in done.changes] == [
        ("update", "deployment", ("spec.replicas",))
    ]
    assert _got(cluster, DEPLOYMENT)["spec"]["replicas"] == 3


@pytest.mark.parametrize("write", range(1, 7))
def test_a_failure_at_any_write_leaves_a_state_from_which_the_next_run_converges(
    stack: Make, cluster: Cluster, write: int
) -> None:
    with pytest.raises(Failed, match=f"write {write} is refused"):
        stack(widgets=2, last=True, fail_after=write).up()
    stack(widgets=2, last=True).up()
    assert not stack(widgets=2, last=True).up(refresh=True).changes
    assert cluster.api.get(_widget("widget-1")) is not None


@pytest.mark.parametrize("write", range(1, 7))
def test_a_destroy_that_fails_can_be_run_again(stack: Make, cluster: Cluster, write: int) -> None:
    stack(widgets=2, last=True).up()
    with pytest.raises(Failed, match=f"write {write} is refused"):
        stack(fail_after=write).destroy()
    stack().destroy()
    assert cluster.api.get(Ref("v1", "Namespace", "shop")) is None


def test_what_somebody_changed_by_hand_is_found_and_mended(stack: Make, cluster: Cluster) -> None:
    stack(widgets=2).up()
    cluster.api.merge(_widget(), {"spec": {"size": 7}})
    cluster.api.delete(_widget("widget-1"))
    found = {step.name: step.changed for step in stack(widgets=2).refresh().steps if step.action == "refresh"}
    assert found == {"widget-0": ("spec.size",), "widget-1": ("deleted",)}
    with pytest.raises(Failed, match="conflict with"):
        stack(widgets=2).up()
    stack(widgets=2, force=True).up()
    assert _got(cluster, _widget())["spec"] == {"size": 1}
    assert cluster.api.get(_widget("widget-1")) is not None


def test_a_deployment_with_another_selector_is_replaced(stack: Make, cluster: Cluster) -> None:
    stack().up()
    before = _got(cluster, DEPLOYMENT)
    done = stack(app="other").up()
    assert [(step.action, step.name) for step in done.changes] == [("replace", "deployment")]
    assert before["metadata"]["uid"] != _got(cluster, DEPLOYMENT)["metadata"]["uid"]


def test_what_is_protected_survives_a_destroy(stack: Make, cluster: Cluster) -> None:
    stack(widgets=1, protect=True).up()
    with pytest.raises(Failed, match="cannot be deleted\nbecause it is protected"):
        stack().destroy()
    with pytest.raises(Failed, match="cannot be deleted\nbecause it is protected"):
        stack(widgets=0).up()
    assert cluster.api.get(_widget()) is not None
    assert cluster.api.get(DEPLOYMENT) is not None


def test_what_is_retained_leaves_the_state_alone(stack: Make, cluster: Cluster) -> None:
    stack(widgets=1, retain=True).up()
    done = stack(widgets=0).up()
    assert [(step.action, step.name) for step in done.changes] == [("retain", "widget-0")]
    assert cluster.api.get(_widget()) is not None
    with pytest.raises(Failed, match="already exists in the cluster"):
        stack(widgets=1).up()
    cluster.api.delete(_widget())


def test_secrets_reach_the_cluster_and_nothing_else(stack: Make, cluster: Cluster, tmp_path: Path) -> None:
    done = stack().up()
    assert _got(cluster, Ref("v1", "Secret", "secret", "shop"))["data"] == {"password": ENCODED}
    assert done.outputs["password"] == "[secret]"
    written = (tmp_path / "dev.json").read_text(encoding="utf-8")
    for text in (PASSWORD, ENCODED, "desired-admin"):
        assert text not in written
        assert text not in repr(done)
