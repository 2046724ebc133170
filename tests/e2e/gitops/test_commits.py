"""What a commit on `live` does to the cluster, and what it leaves alone."""

import statistics
from pathlib import Path

from testbed.api import Ref
from testbed.manifests import objects
from testbed.nodes import NEVER_READY
from testbed.process import until
from testbed.report import Record
from tests.e2e.gitops.conftest import Fleet
from tests.e2e.gitops.following import now
from tests.e2e.gitops.repository import image

_GOAL_SECONDS = 10
_INTERVAL_SECONDS = 30
_IMPOSSIBLE_PORT = 70000


def test_a_commit_that_changes_an_image_reaches_the_cluster_and_only_that_deployment_rolls(
    fleet: Fleet, record: Record
) -> None:
    taken = []
    for number, service in enumerate(("ad", "shipping", "valkey-cart"), start=100):
        before = fleet.apps.templates()
        fleet.repository.deploy(service, image(number))
        began = fleet.change(f"{service}: a new image")
        until(lambda: fleet.apps.image(f"{service}-blue") == image(number), f"{service} is new", pause=0.05)  # noqa: B023
        taken.append(now() - began)
        fleet.settle()
        changed = dict(fleet.apps.templates().items() - before.items())
        assert list(changed) == [f"Deployment/{service}-blue"]
    record.measure("GitOps", "from push to applied, median of 3", statistics.median(taken), "s", _GOAL_SECONDS)
    record.measure("GitOps", "from push to applied, the slowest of 3", max(taken), "s", _GOAL_SECONDS)


def test_a_commit_that_takes_a_change_back_rolls_back(fleet: Fleet, record: Record) -> None:
    before = fleet.apps.image("email-blue")
    fleet.repository.deploy("email", image(7))
    fleet.change("email: a new image")
    until(lambda: fleet.apps.image("email-blue") == image(7), "email is new", pause=0.05)
    began = fleet.revert()
    until(lambda: fleet.apps.image("email-blue") == before, "email is as before", pause=0.05)
    record.measure("GitOps", "from the push of a revert to the old image", now() - began, "s", _GOAL_SECONDS)


def test_a_service_whose_release_is_removed_is_pruned_and_nothing_else_is_touched(fleet: Fleet, record: Record) -> None:
    wanted = objects(fleet.manifests(fleet.apps))
    there = fleet.apps.present(wanted)
    fleet.repository.remove("accounting")
    began = fleet.change("accounting: retired")
    left = {Ref.of(item) for item in objects(fleet.manifests(fleet.apps))}
    gone = [item for item in wanted if Ref.of(item) not in left]
    until(lambda: not fleet.apps.present(gone), "all that accounting had is gone", pause=0.2)
    record.measure("GitOps", f"from push to pruned, {len(gone)} objects", now() - began, "s")
    fleet.settle()
    present = fleet.apps.present(wanted)
    assert {str(ref) for ref in there if present.get(ref) != there[ref]} == {str(Ref.of(item)) for item in gone}, (
        "what is there is as it was"
    )
    assert all("accounting" in str(Ref.of(item)) for item in gone)
    fleet.revert()


def test_a_refused_slot_and_one_that_is_never_ready_hold_up_neither_a_deploy_nor_a_rollback(
    fleet: Fleet, record: Record
) -> None:
    _open_two_canaries(fleet)
    good = fleet.apps.image("quote-green")
    fleet.repository.deploy("quote", image(12), "green")
    fleet.repository.synth()
    _spoil(fleet)
    fleet.commit = fleet.repository.commit("quote: a port that no Service can have")
    began = fleet.repository.push()
    until(lambda: _alerts(fleet), "people are told that quote-green is refused", pause=0.1)
    record.measure("GitOps", "from the push of a refused object to the alert", now() - began, "s", _INTERVAL_SECONDS)
    assert any(f"spec.ports[0].port: Invalid value: {_IMPOSSIBLE_PORT}" in said for said in _alerts(fleet))
    assert fleet.apps.image("quote-green") == good, "its last good state stays"
    assert fleet.apps.deployment("shipping-green")["status"].get("readyReplicas", 0) == 0

    _third_is_deployed(fleet, record)
    _both_are_rolled_back(fleet, record)
    assert fleet.apps.image("quote-green") == good, "its last good state still stays"

    began = fleet.change("quote: as the code makes it")
    until(lambda: fleet.apps.image("quote-green") == image(12), "the good commit heals", pause=0.05)
    record.measure("GitOps", "from the push of the good commit to healed", now() - began, "s", _INTERVAL_SECONDS)
    fleet.settle()


def _open_two_canaries(fleet: Fleet) -> None:
    fleet.repository.deploy("quote", image(11), "green")
    fleet.repository.deploy("shipping", image(11, NEVER_READY), "green")
    for service in ("quote", "shipping"):
        fleet.repository.canary(service, 40)
    fleet.change("quote, shipping: canaries at 40 %")
    fleet.settle()
    for service in ("quote", "shipping"):
        assert fleet.apps.weights(service) == {f"{service}-blue": 60, f"{service}-green": 40}


def _third_is_deployed(fleet: Fleet, record: Record) -> None:
    fleet.repository.deploy("email", image(13))
    fleet.repository.synth()
    _spoil(fleet)
    fleet.repository.commit("email: a new image")
    began = fleet.repository.push()
    until(lambda: fleet.apps.image("email-blue") == image(13), "email is new", _INTERVAL_SECONDS, pause=0.05)
    record.measure("GitOps", "a deploy beside two broken slots", now() - began, "s", _INTERVAL_SECONDS)


def _both_are_rolled_back(fleet: Fleet, record: Record) -> None:
    for service in ("shipping", "quote"):
        fleet.repository.canary(service, 0)
        fleet.repository.synth()
        _spoil(fleet)
        fleet.repository.commit(f"{service}: rolled back")
        began = fleet.repository.push()
        back = {f"{service}-blue": 100}
        until(lambda: fleet.apps.weights(service) == back, f"{service} is back", _INTERVAL_SECONDS, pause=0.05)  # noqa: B023
        record.measure("GitOps", f"the rollback of a broken slot ({service})", now() - began, "s", _INTERVAL_SECONDS)


def _spoil(fleet: Fleet) -> None:
    """What a person could merge by hand: none of our rules has seen it."""
    path = Path("manifests", fleet.apps.name, "apps", "quote-green", "service-quote-green.yaml")
    fleet.repository.replace(str(path), r"port: \d+", f"port: {_IMPOSSIBLE_PORT}")


def _alerts(fleet: Fleet) -> list[str]:
    return fleet.alerts.about("Kustomization", "apps-quote-green", fleet.apps.name)
