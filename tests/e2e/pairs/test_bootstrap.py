"""A new cluster follows Git by what its stack carries into it, and by nothing else."""

import base64
import threading
import time
from collections.abc import Iterator

import pytest
import yaml

from testbed.api import Object, Ref
from testbed.bed import Bed, define
from testbed.git_server import PASSWORD, USER, GitServer
from testbed.programs.crds import PROVIDERS
from testbed.report import Record
from tests.e2e.gitops.following import Following
from tests.e2e.gitops.repository import Repository
from tests.e2e.pairs.ground import Code, Ground, environments, tools

NAME = f"{environments()[0]}-ops"


@pytest.fixture
def repository(bed: Bed) -> Iterator[Repository]:
    """A fork of this repository on a Git server of its own."""
    folder = bed.folder / "bootstrap"
    with GitServer(folder, address="10.255.1.2") as server:
        yield Repository(folder, server)


def test_what_its_stack_carries_into_an_empty_cluster_makes_it_all_that_git_says(
    bed: Bed, repository: Repository, record: Record
) -> None:
    tools()
    commit, _ = repository.change("the first commit")
    with bed.cluster("management", kwok=False) as management:
        define(management.api, PROVIDERS)
        ground = Ground(management, {}, bed.folder / "bootstrap" / "states")
        ground.states.mkdir()
        ground.code = Code(repository.root)
        ground.secrets = {"gitPassword": PASSWORD}
        ground.stack("management").up(skip_preview=True)
        end = threading.Event()
        threading.Thread(target=ground.takes_up_classes, args=(end,), daemon=True).start()
        told = {"gitUsername": USER, "signers": {"publisher.sshpub": repository.signer.strip()}}
        ground.stack(NAME, told).up(skip_preview=True)
        end.set()
        carried = [*_carried(ground, "credentials"), *_carried(ground, "sync")]
    began = time.monotonic()
    following = Following(NAME, bed.cluster(NAME))
    try:
        # In this order and with its right, as Cluster API's controller does.
        for item in carried:
            following.api.apply(item, manager="cluster-api")
        following.settle(commit)
        record.measure(
            "Stacks", "from what is carried into a cluster to all that Git says", time.monotonic() - began, "s"
        )
        assert following.lacks(repository.manifests(NAME)) == []
    finally:
        following.stop()


def _carried(ground: Ground, what: str) -> list[Object]:
    secret = ground.api.get(Ref("v1", "Secret", f"bootstrap-{what}", NAME))
    assert secret is not None
    assert secret["type"] == "addons.cluster.x-k8s.io/resource-set"
    return list(yaml.safe_load_all(base64.b64decode(secret["data"]["objects.yaml"])))
