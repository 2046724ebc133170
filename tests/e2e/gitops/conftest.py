"""The pair of prod, which follows the fork on a Git server, in the middle of a canary."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from testbed.bed import Bed
from testbed.flux import secrets
from testbed.git_server import GitServer
from tests.e2e.gitops.alerts import Alerts
from tests.e2e.gitops.following import Following, now
from tests.e2e.gitops.repository import Repository, image


class Fleet:
    """The fork, and the clusters that follow it."""

    def __init__(self, bed: Bed) -> None:
        folder = bed.folder / "gitops"
        self.alerts = Alerts()
        self.server = GitServer(folder)
        self.repository = Repository(folder, self.server)
        self.repository.deploy("frontend", image(1), "green")
        self.repository.canary("frontend", 40)
        self.commit, _ = self.repository.change("frontend: canary at 40 %")
        self.apps, self.ops = (Following(name, bed.cluster(name)) for name in ("prod-apps", "prod-ops"))
        self.began = now()
        with ThreadPoolExecutor() as pool:
            self.seconds_from_nothing, _ = pool.map(self._bootstrap, (self.apps, self.ops))

    def _bootstrap(self, cluster: Following) -> float:
        began = now()
        cluster.flux.bootstrap(self.manifests(cluster), secrets(self.repository.signer, self.alerts.url))
        self.server.webhooks.append(cluster.flux.webhook())
        cluster.settle(self.commit)
        return now() - began

    def manifests(self, cluster: Following) -> Path:
        """What the cluster should have, as files."""
        return self.repository.manifests(cluster.name)

    def change(self, message: str) -> float:
        """Synthesizes, commits and pushes; when the push began."""
        self.commit, began = self.repository.change(message)
        return began

    def revert(self) -> float:
        """Takes the newest commit back; when the push began."""
        self.commit = self.repository.revert("HEAD")
        return self.repository.push()

    def settle(self) -> None:
        """Waits until both clusters are where `live` is."""
        for cluster in (self.apps, self.ops):
            cluster.settle(self.commit)

    def stop(self) -> None:
        """Ends all of it."""
        for cluster in (self.apps, self.ops):
            cluster.stop()
        self.server.stop()
        self.alerts.stop()


@pytest.fixture(scope="package")
def whole_fleet(bed: Bed) -> Iterator[Fleet]:
    fleet = Fleet(bed)
    yield fleet
    fleet.stop()


@pytest.fixture
def fleet(whole_fleet: Fleet) -> Fleet:
    """The fleet when all is quiet. Tests leave `live` as good as they found it."""
    whole_fleet.settle()
    return whole_fleet
