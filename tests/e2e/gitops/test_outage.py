"""Git goes away, and comes back."""

import time

from testbed.manifests import objects
from testbed.process import until
from testbed.report import Record
from tests.e2e.gitops.conftest import Fleet
from tests.e2e.gitops.following import now
from tests.e2e.gitops.repository import image

_AWAY_SECONDS = 60
_PULLED = 'controller_runtime_reconcile_total{controller="gitrepository",result="requeue_after"}'
_FAILED = 'controller_runtime_reconcile_total{controller="gitrepository",result="error"}'


def test_git_is_away_for_a_minute_nothing_changes_and_the_cluster_catches_up(fleet: Fleet, record: Record) -> None:
    wanted = objects(fleet.manifests(fleet.apps))
    before, pods = fleet.apps.present(wanted), fleet.apps.templates()
    pulled, failed = _counts(fleet)
    fleet.server.stop()
    try:
        end = now() + _AWAY_SECONDS
        while now() < end:
            assert fleet.apps.templates() == pods
            time.sleep(2)
        assert fleet.apps.present(wanted) == before
        pulled_now, failed_now = _counts(fleet)
        assert pulled_now == pulled, "the alert on missing pulls counts these"
        assert failed_now > failed
    finally:
        fleet.server.start()
    fleet.repository.deploy("currency", image(21))
    began = fleet.change("currency: a new image")
    until(lambda: fleet.apps.image("currency-blue") == image(21), "it catches up", pause=0.05)
    record.measure("GitOps", "from push to applied, after Git was away for a minute", now() - began, "s", 10)


def _counts(fleet: Fleet) -> tuple[float, float]:
    found = dict(line.rsplit(" ", 1) for line in fleet.apps.flux.metrics("source-controller").splitlines())
    return float(found[_PULLED]), float(found[_FAILED])
