"""The pair of preprod follows the fork of a team, whose people change it by operations and look at the clusters."""

import os
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from desired.core.model import Observation
from desired.core.operations import OPERATION, Intent
from desired.outside.cluster_observer import ClusterObserver
from desired.publish.applied import PublishedCommits
from desired.publish.publisher import Observe, Publisher
from desired.publish.result import OperationResult
from envs.preprod import ENV
from testbed.bed import Bed, BedCluster
from testbed.flux import secrets
from testbed.git_server import GitServer
from testbed.nodes import NEVER_READY
from testbed.programs.build import program
from tests.e2e.gitops.following import Following, now
from tests.e2e.gitops.repository import PUBLISHER, Repository

ENVIRONMENT = "preprod"
"""It has the gate `ready`, and no other."""
SERVICE = "quote"
PODS = ENV.scales["M"].max
"""How many pods the service has at its peak, and in each slot while a rollout is not closed."""
_KEPT = (SERVICE, "llm", "flagd", "otel-collector")
"""What runs in the fork: all of Flux's work is done for each operation, and these tests do many."""
_ADA = "Ada <ada@example.com>"
_NOBODY = "http://10.255.1.9:9/"
"""Where alerts go: nobody reads them here."""


class Team:
    """The fork with its publisher, and the clusters that follow it."""

    def __init__(self, folder: Path, server: GitServer, apps: Following, ops: Following) -> None:
        self.apps, self.ops = apps, ops
        self.repository = Repository(folder, server)
        self.never_ready_at, self.good_at = _begin(self.repository)
        _sign(self.repository, folder)
        self.publisher = Publisher.open(self.repository.root, "origin")
        self.kubeconfig = kubeconfig(folder / "kubeconfig", apps.cluster, ops.cluster)
        self.clusters = self.looking_with(self.kubeconfig)
        self.publisher.publish()
        with ThreadPoolExecutor() as pool:
            list(pool.map(self._bootstrap, (apps, ops)))
        server.webhooks += [each.flux.webhook() for each in (apps, ops)]
        self.settle()

    def _bootstrap(self, cluster: Following) -> None:
        cluster.flux.bootstrap(self.repository.manifests(cluster.name), secrets(self.repository.signer, _NOBODY))

    def looking_with(self, file: Path) -> ClusterObserver:
        """Eyes with another kubeconfig."""
        return ClusterObserver(file, PublishedCommits(self.publisher.branches, self.publisher.sources))

    def observed(self) -> Observation:
        """What is seen of the environment now."""
        found = self.clusters.observe(ENVIRONMENT)
        assert found
        return found

    def ready(self, slot: str) -> int:
        """Ready endpoints of a slot's version; 0 where there is no such slot."""
        return (self.observed().ready or {}).get(f"{SERVICE}-{slot}", 0)

    def do(self, verb: str, observe: Observe | None = None, dry_run: bool = False, **given: Any) -> OperationResult:
        """An operation on the environment by somebody who has looked at the newest commit."""
        operation = OPERATION.validate_python({"verb": verb, "environment": ENVIRONMENT, **given})
        key, seen = uuid.uuid4().hex, self.publisher.head()
        intent = Intent(operation=operation, actor=_ADA, expected=seen, key=key)
        return self.publisher.perform(intent, observe or self.clusters.observe, dry_run)

    def deploy(self, image: str, specs_at: str) -> OperationResult:
        """A build of the service enters as a canary, with the spec of a commit."""
        build = {"image": image, "commit": specs_at[:7], "ref": "main"}
        return self.do("deploy", services={SERVICE: build}, specs_at=specs_at, canary=True)

    def weights(self) -> dict[str, int]:
        """How the cluster's route divides the service's requests, by slot."""
        return {name.removeprefix(f"{SERVICE}-"): each for name, each in self.apps.weights(SERVICE).items()}

    def settle(self) -> None:
        """Waits until both clusters are where `live` is."""
        self.publisher.head()
        live = self.publisher.branches.live
        assert live
        for cluster in (self.apps, self.ops):
            cluster.settle(live)


def _begin(repository: Repository) -> tuple[str, str]:
    """The fork's `main`, without `live`: the commits whose spec names an image that is never ready, and a good one."""
    for release in (repository.root / "releases").glob("*/*.yaml"):
        if release.stem not in _KEPT:
            release.unlink()
    repository.synth()
    good = repository.commit("The fork")
    repository.replace(f"apps/{SERVICE}.py", r'image="([^"]+)"', rf'image="\1-{NEVER_READY}"')
    bad = repository.commit(f"{SERVICE}: an image that is never ready")
    repository.revert(bad)
    repository.git("remote", "add", "origin", repository.server.push_url)
    repository.git("push", "-q", "origin", "HEAD:refs/heads/main")
    return bad, good


def _sign(repository: Repository, folder: Path) -> None:
    """The clone's commits are signed with the key that the clusters accept."""
    settings = {
        "user.name": PUBLISHER,
        "user.email": f"{PUBLISHER}@example.com",
        "gpg.format": "ssh",
        "user.signingkey": str(folder / "keys" / PUBLISHER),
        "commit.gpgsign": "true",
    }
    for name, value in settings.items():
        repository.git("config", name, value)


def kubeconfig(file: Path, apps: BedCluster, ops: BedCluster | None = None, **changed: str) -> Path:
    """A kubeconfig with a context for each cluster; `changed` is another `server` or `token` for all of them."""
    content: dict[str, Any] = {"apiVersion": "v1", "kind": "Config", "clusters": [], "users": [], "contexts": []}
    for role, cluster in {"apps": apps, "ops": ops}.items():
        if cluster is None:
            continue
        name, found = f"{ENVIRONMENT}-{role}", yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8"))
        reached, user = found["clusters"][0]["cluster"], found["users"][0]["user"]
        reached |= {key: value for key, value in changed.items() if key == "server"}
        user |= {key: value for key, value in changed.items() if key == "token"}
        content["clusters"].append({"name": name, "cluster": reached})
        content["users"].append({"name": name, "user": user})
        content["contexts"].append({"name": name, "context": {"cluster": name, "user": name}})
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return file


@pytest.fixture(scope="package")
def team(bed: Bed) -> Iterator[Team]:
    folder = bed.folder / "operations"
    with ThreadPoolExecutor() as pool:
        names = (f"{ENVIRONMENT}-apps", f"{ENVIRONMENT}-ops")
        apps, ops = pool.map(lambda name: Following(name, bed.cluster(name)), names)
    kubectl = program("kubectl").parent
    with GitServer(folder) as server, pytest.MonkeyPatch.context() as patch:
        # The fork's synth and its publisher share a cache, which is this run's own, and so is trusted in CI too.
        patch.setenv("DESIRED_CACHE_DIR", str(folder / "cache"))
        patch.delenv("CI", raising=False)
        patch.setenv("PATH", f"{kubectl}{os.pathsep}{os.environ['PATH']}")
        team = Team(folder, server, apps, ops)
        with team.publisher:
            yield team
    for cluster in (apps, ops):
        cluster.stop()


__all__ = ["ENVIRONMENT", "PODS", "SERVICE", "Team", "kubeconfig", "now", "team"]
