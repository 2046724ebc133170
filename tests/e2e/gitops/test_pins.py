"""A change of the platform reaches the twin first, and the applications' cluster when it is pinned."""

from testbed.api import Ref
from testbed.process import until
from testbed.report import Record
from tests.e2e.gitops.conftest import Fleet
from tests.e2e.gitops.following import Following, now

_CLASS = Ref("scheduling.k8s.io/v1", "PriorityClass", "tier-1")
_OLD, _NEW = "Services of tier 1.", "Services of tier 1, which people wait for."


def test_a_platform_change_reaches_ops_when_merged_and_apps_when_pinned_until_the_pin_is_taken_back(
    fleet: Fleet, record: Record
) -> None:
    fleet.repository.write("platform", {"schema": 1, "commit": fleet.commit, "tag": "v1"})
    fleet.change("prod: platform v1")
    fleet.settle()
    merged = _merge(fleet)
    _until(fleet.ops, _NEW)
    fleet.settle()
    assert _said(fleet.apps) == _OLD, "apps is at this commit, with the platform of its pin"

    fleet.repository.write("platform", {"schema": 1, "commit": merged, "tag": "v2"})
    began = fleet.change("prod: platform v2")
    _until(fleet.apps, _NEW)
    record.measure("GitOps", "from the push of a pin to its platform", now() - began, "s", 10)
    began = fleet.revert()
    _until(fleet.apps, _OLD)
    record.measure("GitOps", "from the push of a pin taken back to the old platform", now() - began, "s", 10)
    fleet.settle()
    assert _said(fleet.ops) == _NEW


def _merge(fleet: Fleet) -> str:
    path = "constructs_lib/platform/priorities.py"
    fleet.repository.replace(
        path, r'f"Services of tier \{tier\}\."', 'f"Services of tier {tier}, which people wait for."'
    )
    fleet.change("Priority classes say what they are for")
    return fleet.commit


def _said(cluster: Following) -> str:
    return str((cluster.api.get(_CLASS) or {}).get("description", ""))


def _until(cluster: Following, text: str) -> None:
    until(lambda: _said(cluster) == text, f"{cluster.name} says {text!r}", pause=0.1)
