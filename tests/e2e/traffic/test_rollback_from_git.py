"""How long a rollback takes from the commit, with Flux between Git and the gateways."""

import time
from pathlib import Path

from testbed.flux import secrets
from testbed.git_server import GitServer
from testbed.process import until
from testbed.report import Record
from tests.e2e.gitops.following import Following
from tests.e2e.gitops.repository import Repository, image
from tests.e2e.traffic.measured import between, failures, plot, until_answered
from tests.e2e.traffic.shop import Shop

_SERVICE = "shipping"
_NOBODY = "http://10.255.1.9:9/"
"""Where alerts go: nobody reads them here."""
_GOAL_SECONDS = 15.0


def _canary(folder: Path, server: GitServer) -> tuple[Repository, str]:
    """A fork where the service has a canary at 40 %, and its commit."""
    repository = Repository(folder / "fork", server)
    repository.deploy(_SERVICE, image(7), "green")
    repository.canary(_SERVICE, 40)
    return repository, repository.change(f"{_SERVICE}: canary at 40 %")[0]


def test_seconds_from_the_commit_of_a_rollback_to_the_last_canary_request(shop: Shop, record: Record) -> None:
    folder = shop.folder / "rollback"
    with GitServer(folder, "10.255.1.9") as server:
        repository, commit = _canary(folder, server)
        following = Following("prod-apps", shop.cluster)
        with following.flux as flux:
            flux.bootstrap(repository.manifests("prod-apps"), secrets(repository.signer, _NOBODY))
            server.webhooks.append(flux.webhook())
            following.settle(commit)
            _roll_back(shop, record, repository, following)


def _roll_back(shop: Shop, record: Record, repository: Repository, following: Following) -> None:
    shop.await_slot(f"{_SERVICE}-green")
    load = shop.load(200, shop.inside(_SERVICE))
    until_answered(load, 800)
    repository.canary(_SERVICE, 0)
    repository.synth()
    repository.commit(f"{_SERVICE}: rollback")
    pushed = time.time()
    repository.push()
    until(lambda: following.weights(_SERVICE).keys() == {f"{_SERVICE}-blue"}, "the route is rolled back", pause=0.05)
    applied = time.time()
    until_answered(load, 1_000)
    samples = load.stop()

    plot(record, "A rollback from Git", samples, {"pushed": pushed, "applied": applied})
    last = max(sample.due for sample in samples if sample.slot == "green")
    record.measure("Traffic", "from the commit on live to the last canary request", last - pushed, "s", _GOAL_SECONDS)
    assert failures(samples) == {}
    assert {sample.slot for sample in between(samples, applied)} == {"blue"}
