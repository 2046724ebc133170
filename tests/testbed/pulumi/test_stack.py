"""What a run does, and what it leaves."""

import json
import stat
from pathlib import Path

import pytest
from rich.console import Console

from testbed.api import Ref
from testbed.pulumi import Failed, Outcome, as_json, tree
from tests.testbed.pulumi.cluster import Cluster
from tests.testbed.pulumi.conftest import PASSWORD, Make

DEPLOYMENT = Ref("apps/v1", "Deployment", "deployment", "shop")
WIDGET = Ref("example.com/v1", "Widget", "widget-0", "shop")


def _changes(outcome: Outcome) -> list[tuple[str, str, tuple[str, ...]]]:
    return sorted((step.action, step.name, step.changed) for step in outcome.changes)


def test_up_makes_all_and_up_again_nothing(stack: Make, cluster: Cluster) -> None:
    done = stack(widgets=2, last=True).up()
    assert {step.action for step in done.steps} == {"create"}
    assert cluster.names() == {
        *("Namespace/shop", "Secret/secret", "Deployment/deployment", "ConfigMap/last"),
        *("Widget/widget-0", "Widget/widget-1"),
    }
    writes = list(cluster.writes)
    assert {step.action for step in stack(widgets=2, last=True).up().steps} == {"same"}
    assert cluster.writes == writes


def test_what_the_server_made_of_an_object_reaches_the_program(stack: Make, cluster: Cluster) -> None:
    done = stack(last=True).up()
    uid = cluster.get(DEPLOYMENT)["metadata"]["uid"]  # type: ignore[index]
    assert done.outputs == {"namespace": "shop", "uid": uid, "password": "[secret]"}
    assert cluster.get(Ref("v1", "ConfigMap", "last", "shop"))["data"] == {"uid": uid}  # type: ignore[index]


def test_a_preview_writes_nothing(stack: Make, cluster: Cluster, tmp_path: Path) -> None:
    planned = stack(widgets=1).preview()
    assert {step.action for step in planned.steps} == {"create"}
    assert cluster.writes == []
    assert not (tmp_path / "dev.json").exists()


def test_a_changed_property_changes_just_that(stack: Make, cluster: Cluster) -> None:
    stack(widgets=1).up()
    assert _changes(stack(widgets=1, replicas=3).up()) == [("update", "deployment", ("spec.replicas",))]
    assert _changes(stack(widgets=1, replicas=3).up()) == []


def test_what_is_registered_no_more_is_deleted(stack: Make, cluster: Cluster) -> None:
    stack(widgets=2).up()
    assert _changes(stack(widgets=1).up()) == [("delete", "widget-1", ())]
    assert "Widget/widget-1" not in cluster.names()


def test_destroy_deletes_in_reverse_order(stack: Make, cluster: Cluster) -> None:
    stack(widgets=1, last=True).up()
    cluster.writes.clear()
    done = stack().destroy()
    assert [step.name for step in done.steps][-4:] == ["space", "work", "shop", "stacks-dev"]
    assert cluster.writes[-1] == "delete Namespace/shop"
    assert cluster.names() == set()


def test_a_replaced_object_of_the_same_name_is_deleted_first(stack: Make, cluster: Cluster) -> None:
    stack(last=True).up()
    cluster.writes.clear()
    done = stack(last=True, app="other").up()
    assert _changes(done)[0][:2] == ("replace", "deployment")
    assert next(write for write in cluster.writes if "Deployment" in write).startswith("delete")


def test_what_lies_in_a_replaced_namespace_is_replaced_with_it(stack: Make, cluster: Cluster) -> None:
    stack(widgets=1).up()
    done = stack(widgets=1, namespace="other").up()
    assert [change[:2] for change in _changes(done)] == [
        ("replace", "deployment"),
        ("replace", "secret"),
        ("replace", "space"),
        ("replace", "widget-0"),
    ]
    assert {ref.namespace for ref in cluster.objects} == {None, "other"}


@pytest.mark.parametrize("write", range(1, 8))
def test_the_next_run_converges_after_a_failure_at_any_write(stack: Make, cluster: Cluster, write: int) -> None:
    with pytest.raises(Failed, match=f"the API server refused it: write {write} is refused"):
        stack(widgets=3, last=True, fail_after=write).up()
    stack(widgets=3, last=True).up()
    assert _changes(stack(widgets=3, last=True).up(refresh=True)) == []
    with pytest.raises(Failed, match="is refused"):
        stack(fail_after=write).destroy()
    stack().destroy()
    assert cluster.names() == set()


@pytest.mark.parametrize("write", range(1, 5))
def test_a_replacement_that_fails_is_mended(stack: Make, cluster: Cluster, write: int) -> None:
    stack(widgets=1).up()
    with pytest.raises(Failed, match="is refused"):
        stack(widgets=1, namespace="other", fail_after=write).up()
    stack(widgets=1, namespace="other").up()
    assert _changes(stack(widgets=1, namespace="other").up(refresh=True)) == []
    assert {ref.namespace for ref in cluster.objects} == {None, "other"}
    assert "Namespace/shop" not in cluster.names()


def test_drift_is_found_and_mended(stack: Make, cluster: Cluster) -> None:
    stack(widgets=2, force=True).up()
    cluster.apply({**_manifest(WIDGET), "spec": {"size": 5}}, "somebody")
    cluster.delete(WIDGET._replace(name="widget-1"))
    found = [(step.name, step.changed) for step in stack().refresh().steps if step.action == "refresh"]
    assert sorted(found) == [("widget-0", ("spec.size",)), ("widget-1", ("deleted",))]
    assert _changes(stack(widgets=2, force=True).up()) == [
        ("create", "widget-1", ()),
        ("update", "widget-0", ("spec.size",)),
    ]
    assert cluster.get(WIDGET)["spec"] == {"size": 1}  # type: ignore[index]


def test_without_a_refresh_nobody_looks(stack: Make, cluster: Cluster) -> None:
    stack(widgets=1, force=True).up()
    cluster.apply({**_manifest(WIDGET), "spec": {"size": 5}}, "somebody")
    assert _changes(stack(widgets=1, force=True).up()) == []
    assert _changes(stack(widgets=1, force=True).up(refresh=True)) == [("update", "widget-0", ("spec.size",))]


def test_a_field_that_somebody_else_owns_is_a_conflict_that_names_them(stack: Make, cluster: Cluster) -> None:
    stack(widgets=1).up()
    cluster.apply({**_manifest(WIDGET), "spec": {"size": 5}}, "somebody")
    with pytest.raises(Failed, match=r'conflict with "somebody": \.spec\.size; the annotation pulumi.com/patchForce'):
        stack(widgets=1, size=2).up()


def test_an_ignored_field_is_left_to_its_owner(stack: Make, cluster: Cluster) -> None:
    stack(widgets=1, ignore=True).up()
    cluster.apply({**_manifest(WIDGET), "spec": {"size": 5}}, "somebody")
    assert _changes(stack(widgets=1, size=2, ignore=True).up(refresh=True)) == []
    assert cluster.get(WIDGET)["spec"] == {"size": 5}  # type: ignore[index]


def test_an_object_that_is_there_already_is_not_taken_over(stack: Make, cluster: Cluster) -> None:
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}, "somebody")
    with pytest.raises(Failed, match="Namespace/shop: the resource already exists in the cluster"):
        stack().up()


def test_what_is_protected_is_neither_deleted_nor_anything_else_with_it(stack: Make, cluster: Cluster) -> None:
    stack(widgets=2, protect=True).up()
    names = cluster.names()
    for run in (stack().destroy, stack(widgets=1, protect=True).up):
        with pytest.raises(Failed, match="cannot be deleted\nbecause it is protected"):
            run()
        assert cluster.names() == names
    stack(widgets=2, protect=False).up()
    stack().destroy()
    assert cluster.names() == set()


def test_what_is_protected_is_not_replaced_with_its_namespace(stack: Make, cluster: Cluster) -> None:
    stack(widgets=1, protect=True).up()
    names = cluster.names()
    with pytest.raises(Failed, match=r"unable to replace resource .*widget-0"):
        stack(widgets=1, protect=True, namespace="other").up()
    assert cluster.names() == names


def test_unprotect_is_the_second_deliberate_step(stack: Make, cluster: Cluster) -> None:
    stack(widgets=1, protect=True).up()
    stack().unprotect("widget-0")
    stack().destroy()
    assert cluster.names() == set()


def test_what_is_retained_stays_in_the_cluster(stack: Make, cluster: Cluster) -> None:
    stack(widgets=1, retain=True).up()
    assert _changes(stack().up()) == [("retain", "widget-0", ())]
    assert "Widget/widget-0" in cluster.names()


def test_a_definition_that_comes_later_in_the_same_run_is_waited_for(stack: Make, cluster: Cluster) -> None:
    del cluster.kinds["Widget"]
    apply = cluster.apply

    def defining(item: dict[str, object], *args: object, **kwargs: object) -> object:
        if item["kind"] == "Deployment":
            cluster.kinds["Widget"] = True
        return apply(item, *args, **kwargs)  # type: ignore[arg-type]

    cluster.apply = defining  # type: ignore[method-assign, assignment]
    stack(widgets=1).up()
    assert _changes(stack(widgets=1).up()) == []
    stack().destroy()
    assert cluster.names() == set()


def test_a_deletion_that_does_not_end_is_told_and_can_be_waited_for_again(
    stack: Make, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack().up()
    cluster.held.add("deployment")
    monkeypatch.setattr("testbed.pulumi.objects.DELETE_SECONDS", 0.2)
    with pytest.raises(Failed, match=r"Deployment/deployment in shop: was not gone after 0 s"):
        stack().destroy()
    cluster.held.clear()
    stack().destroy()
    assert cluster.names() == set()


def test_warnings_of_the_server_are_told_once(stack: Make, cluster: Cluster) -> None:
    cluster.warnings = [f"unknown field, with {PASSWORD} in it"]
    done = stack().up()
    assert {str(message) for message in done.messages} == {"warning: unknown field, with [secret] in it"}
    assert len({message.urn for message in done.messages}) == len(done.messages) == 3


def test_secrets_are_encrypted_in_the_state_and_shown_nowhere(stack: Make, cluster: Cluster, tmp_path: Path) -> None:
    done = stack(last=True).up()
    written = (tmp_path / "dev.json").read_text(encoding="utf-8")
    for text in (PASSWORD, "Y29ycmVjdC1ob3JzZQ"):
        assert text not in written
        assert text not in json.dumps(as_json(done))
    assert stack().outputs(show_secrets=True)["password"] == PASSWORD
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "dev.json").stat().st_mode) == 0o600


def test_a_passphrase_takes_the_place_of_the_key(stack: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "one")
    stack().up()
    assert not (tmp_path / "key").exists()
    assert _changes(stack().up()) == []
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "two")
    with pytest.raises(Failed, match="were encrypted with another key: set PULUMI_CONFIG_PASSPHRASE as it was"):
        stack().up()


def test_the_tree_names_what_changes_and_counts(stack: Make) -> None:
    stack(widgets=2).up()
    planned = stack(widgets=1, replicas=3, app="other").preview()
    console = Console(width=120, record=True, file=open("/dev/null", "w", encoding="utf-8"))  # noqa: SIM115
    console.print(tree(planned))
    labels = "spec.selector.matchLabels.app, spec.template.metadata.labels.app"
    assert [line.rstrip() for line in console.export_text().splitlines()] == [
        "  stacks-dev  Stack",
        "└──   shop  Shop",
        f"    ├── +- deployment  Deployment  spec.replicas, {labels}",
        "    └── - widget-1  Widget",
        "1 to replace, 1 to delete, 6 unchanged",
    ]


def _manifest(ref: Ref) -> dict[str, object]:
    return {
        "apiVersion": ref.version,
        "kind": ref.kind,
        "metadata": {"name": ref.name, "namespace": ref.namespace},
    }
