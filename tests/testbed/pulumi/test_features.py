"""What else programs use: other stacks, objects of others, aliases, providers of several clusters, and being killed."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from testbed.api import Ref
from testbed.pulumi import Failed, Stack
from tests.testbed.pulumi.cluster import Cluster
from tests.testbed.pulumi.conftest import PASSWORD, PROGRAMS, Make

ROOT = Path(__file__).resolve().parents[3]
SPACE = Ref("v1", "Namespace", "space")


def test_another_stack_is_read_and_its_secrets_stay_secret(stack: Make) -> None:
    with pytest.raises(Failed, match="unknown stack 'organization/stacks/dev': it is to be brought up first"):
        stack("other", name="next", reference="organization/stacks/dev").preview()
    stack().up()
    done = stack("other", name="next", reference="organization/stacks/dev").up()
    assert [step.action for step in done.steps] == ["create", "read"]
    assert done.outputs == {"namespace": "shop", "password": "[secret]"}
    assert stack("other", name="next").outputs(show_secrets=True)["password"] == PASSWORD


def test_an_object_of_others_is_read_and_never_deleted(stack: Make, cluster: Cluster) -> None:
    with pytest.raises(Failed, match="found: there is no Namespace theirs; it was to be read"):
        stack("other", read="theirs").up()
    answer = cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "theirs"}})
    assert stack("other", read="theirs").up().outputs == {"found": answer.object["metadata"]["uid"]}
    assert [step.action for step in stack("other").up().steps] == ["same", "discard"]
    assert cluster.names() == {"Namespace/theirs"}


def test_a_renamed_resource_with_an_alias_is_the_same(stack: Make, cluster: Cluster) -> None:
    stack("other", named="before").up()
    writes = list(cluster.writes)
    assert not stack("other", named="after", was="before").up().changes
    assert cluster.writes == writes
    stack("other").destroy()
    assert cluster.names() == set()


def _kubeconfig(server: str, token: str = "t") -> str:
    return yaml.safe_dump(
        {
            "clusters": [{"name": "it", "cluster": {"server": server}}],
            "users": [{"name": "me", "user": {"token": token}}],
            "contexts": [{"name": "now", "context": {"cluster": "it", "user": "me"}}],
            "current-context": "now",
        }
    )


@pytest.fixture
def clusters() -> dict[str, Cluster]:
    return {"https://one": Cluster(), "https://two": Cluster()}


@pytest.fixture
def moving(clusters: dict[str, Cluster], tmp_path: Path) -> Make:
    """A stack whose provider's kubeconfig says which of two clusters it is."""

    def make(server: str, token: str = "t", **config: object) -> Stack:
        def of(name: str, kubeconfig: str | None) -> Cluster:
            return clusters[yaml.safe_load(kubeconfig or "")["clusters"][0]["cluster"]["server"]]

        config["kubeconfig"] = _kubeconfig(server, token)
        return Stack("dev", PROGRAMS / "other", tmp_path, config, clusters=of)

    return make


def test_another_cluster_replaces_all_and_the_old_one_is_cleared(moving: Make, clusters: dict[str, Cluster]) -> None:
    moving("https://one").up()
    done = moving("https://two").up()
    assert {(step.action, step.name) for step in done.changes} == {
        ("replace", "cluster"),
        ("replace", "space"),
        ("replace", "it"),
    }
    assert clusters["https://one"].names() == set()
    assert clusters["https://two"].names() == {"Namespace/space", "Widget/it"}
    assert not moving("https://two").up(refresh=True).changes


def test_another_token_for_the_same_cluster_replaces_nothing(moving: Make) -> None:
    moving("https://one").up()
    done = moving("https://one", token="new").up()
    assert [(step.action, step.name, step.changed) for step in done.changes] == [("update", "cluster", ("kubeconfig",))]


def test_what_goes_with_another_is_not_deleted_by_itself(moving: Make, clusters: dict[str, Cluster]) -> None:
    moving("https://one", **{"with": True}).up()
    cluster = clusters["https://one"]
    cluster.writes.clear()
    moving("https://one").destroy()
    assert cluster.writes[0] == "delete Namespace/space"
    assert cluster.names() == set()


def test_an_option_can_ask_for_a_replacement(moving: Make, clusters: dict[str, Cluster]) -> None:
    moving("https://one").up()
    done = moving("https://one", label="b").up()
    assert [(step.action, step.name, step.changed) for step in done.changes] == [("replace", "it", ("spec.label",))]
    with pytest.raises(Failed, match="already exists"):
        moving("https://one", label="c", first=False).up()


_KILLED = """
import json, os, signal, sys
from pathlib import Path
from testbed.pulumi import Stack
from tests.testbed.pulumi.cluster import Cluster

program, folder, at = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])

class Mortal(Cluster):
    def apply(self, *args, **kwargs):
        answer = super().apply(*args, **kwargs)
        if len(self.writes) >= at:
            objects = [[list(ref), self.uids[ref], applied] for ref, applied in self.objects.items()]
            (folder / "cluster").write_text(json.dumps(objects))
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

cluster = Mortal()
Stack("dev", program, folder, {"widgets": 2, "last": True}, {"password": "correct-horse"}, lambda *_: cluster).up()
"""


@pytest.mark.parametrize("write", range(1, 7))
def test_a_run_that_is_killed_after_a_write_is_taken_up(
    stack: Make, cluster: Cluster, tmp_path: Path, write: int
) -> None:
    command = [sys.executable, "-c", _KILLED, str(PROGRAMS / "shop"), str(tmp_path), str(write)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    for words, uid, applied in json.loads((tmp_path / "cluster").read_text(encoding="utf-8")):
        cluster.uids[Ref(*words)] = uid
        cluster.objects[Ref(*words)] = applied
    stack(widgets=2, last=True).up()
    assert not stack(widgets=2, last=True).up(refresh=True).changes
    stack().destroy()
    assert cluster.names() == set()
