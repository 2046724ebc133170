"""A new cluster follows Git by what its stack applies to it, and by nothing else."""

import base64
import threading
import time
from collections.abc import Iterator

import pytest
import yaml

from testbed.api import Api, Object, Ref
from testbed.bed import Bed, define
from testbed.git_server import PASSWORD, USER, GitServer
from testbed.programs.crds import PROVIDERS
from testbed.report import Record
from tests.e2e.gitops.following import Following
from tests.e2e.gitops.repository import Repository
from tests.e2e.pairs.accepting import PAIRS, SECRETS, kubectl_on_path, reconcile_classes
from tests.e2e.pairs.commands import Code, Commands

NAME = f"{PAIRS[0]}-ops"


@pytest.fixture
def repository(bed: Bed) -> Iterator[Repository]:
    """A fork of this repository on its own Git server."""
    folder = bed.folder / "bootstrap"
    with GitServer(folder, address="10.255.1.2") as server:
        yield Repository(folder, server)


def test_a_new_cluster_becomes_what_git_says(bed: Bed, repository: Repository, record: Record) -> None:
    kubectl_on_path()
    commit, _ = repository.change("the first commit")
    with bed.cluster("management", kwok=False) as management:
        define(management.api, PROVIDERS)
        commands = Commands(Code(repository.root), {"management": management})
        commands.secrets(NAME, **SECRETS | {"gitPassword": PASSWORD})
        commands.code.set(NAME, {"gitUsername": USER, "signers": {"publisher.sshpub": repository.signer.strip()}})
        commands.up("management")
        end = threading.Event()
        threading.Thread(target=reconcile_classes, args=(management.api, end), daemon=True).start()
        commands.up(NAME)
        end.set()
        applied = [item for what in ("credentials", "sync") for item in _resource_set(management.api, what)]
    began = time.monotonic()
    following = Following(NAME, bed.cluster(NAME))
    try:
        # In the order of Cluster API's controller.
        for item in applied:
            following.api.apply(item, manager="cluster-api")
        following.settle(commit)
        record.measure(
            "Stacks", "from what is carried into a cluster to all that Git says", time.monotonic() - began, "s"
        )
        assert following.lacks(repository.manifests(NAME)) == []
    finally:
        following.stop()


def _resource_set(api: Api, what: str) -> list[Object]:
    secret = api.get(Ref("v1", "Secret", f"bootstrap-{what}", NAME))
    assert secret is not None
    assert secret["type"] == "addons.cluster.x-k8s.io/resource-set"
    return list(yaml.safe_load_all(base64.b64decode(secret["data"]["objects.yaml"])))
