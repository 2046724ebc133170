"""Clusters follow nothing that the publisher did not sign."""

from collections.abc import Callable

import pytest

from testbed.process import until
from testbed.report import Record
from tests.e2e.gitops.conftest import Fleet
from tests.e2e.gitops.following import GIT_REPOSITORY, now
from tests.e2e.gitops.repository import STRANGER, image

Refuses = Callable[[str | None, str], None]


@pytest.fixture
def refuses(fleet: Fleet, record: Record) -> Refuses:
    """Pushes a commit of this signer, looks at what becomes of it, and takes it back with a good signature."""

    def push(signer: str | None, reason: str) -> None:
        running, commit = fleet.apps.image("cart-blue"), fleet.commit
        fleet.repository.deploy("cart", image(666))
        fleet.repository.synth()
        bad = fleet.repository.commit("cart: somebody else's image", signer)
        began = fleet.repository.push()
        for cluster in (fleet.apps, fleet.ops):
            until(lambda: any(bad in said for said in _alerts(fleet, cluster.name)), "it is refused", pause=0.1)  # noqa: B023
            assert any(reason in said for said in _alerts(fleet, cluster.name) if bad in said), _alerts(
                fleet, cluster.name
            )
            assert cluster.ready(commit) is True, "what was applied last is what is applied"
        record.measure("GitOps", f"from the push of {signer or 'nobody'}'s commit to the alert", now() - began, "s")
        assert fleet.apps.image("cart-blue") == running
        fleet.revert()
        fleet.settle()
        assert fleet.apps.image("cart-blue") == running

    return push


def test_an_unsigned_commit_on_live_is_refused(refuses: Refuses) -> None:
    refuses(None, "unsupported signature type")


def test_a_commit_on_live_that_a_stranger_signed_is_refused(refuses: Refuses) -> None:
    refuses(STRANGER, "unable to verify")


def _alerts(fleet: Fleet, cluster: str) -> list[str]:
    return fleet.alerts.about(GIT_REPOSITORY.kind, GIT_REPOSITORY.name, cluster)
