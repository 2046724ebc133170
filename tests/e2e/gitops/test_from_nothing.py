"""A cluster is lost; Git has all of it."""

from testbed.manifests import objects
from testbed.report import Record
from tests.e2e.gitops.conftest import Fleet


def test_from_nothing_an_empty_cluster_becomes_the_whole_of_prod_apps_at_the_same_canary_share(
    fleet: Fleet, record: Record
) -> None:
    wanted = objects(fleet.manifests(fleet.apps))
    record.measure(
        "GitOps", "from nothing to the whole of prod-apps, its twin beside it", fleet.seconds_from_nothing, "s"
    )
    record.measure("GitOps", "objects of prod-apps", len(wanted), "objects")
    assert fleet.apps.lacks(fleet.manifests(fleet.apps)) == []
    assert fleet.ops.lacks(fleet.manifests(fleet.ops)) == []
    assert fleet.apps.weights("frontend") == {"frontend-blue": 60, "frontend-green": 40}
