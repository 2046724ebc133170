"""Checkov's policies over every manifest that we ship."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from tests.support.checkers import Report, checkov
from tests.support.shipped import CLUSTERS, MANIFESTS, objects

Object = dict[str, Any]


def everywhere(_: Object) -> bool:
    return True


def without_a_port(workload: Object) -> bool:
    return not any("ports" in each for each in workload["spec"]["template"]["spec"]["containers"])


class Wanted(NamedTuple):
    where: Callable[[Object], bool]
    why: str


# What checkov holds against us and we want so.
EXCEPTED = {
    "CKV_K8S_8": Wanted(without_a_port, "A worker has no port to ask; one that hangs shows in its queue's lag."),
    "CKV_K8S_9": Wanted(without_a_port, "Nobody sends requests to a worker, so its readiness decides nothing."),
    "CKV_K8S_11": Wanted(
        everywhere,
        "A CPU limit throttles a pod while its node idles; requests share the CPU out. Memory has a limit.",
    ),
    "CKV_K8S_35": Wanted(
        everywhere,
        "Services take secrets as they take all settings, from variables, and compose addresses of several of them; "
        "who may read a pod's environment may read its files too.",
    ),
}
_WITH_POLICIES = {"ConfigMap", "Deployment", "Role", "RoleBinding", "Service", "ServiceAccount", "StatefulSet"}


@cache
def report() -> Report:
    with TemporaryDirectory() as home:
        return checkov(MANIFESTS, Path(home))


@cache
def shipped() -> dict[str, Object]:
    return {path: each for cluster in CLUSTERS for path, each in objects(cluster)}


def test_no_policy_fails_that_is_not_excepted() -> None:
    findings = [
        each
        for each in report().failed
        if each.check not in EXCEPTED or not EXCEPTED[each.check].where(shipped()[each.path])
    ]
    assert findings == []


def test_no_exception_is_stale() -> None:
    assert EXCEPTED.keys() - {each.check for each in report().failed} == set()


def test_checkov_reads_everything_and_nothing_tells_it_to_look_away() -> None:
    expected = {path for path, each in shipped().items() if each["kind"] in _WITH_POLICIES}
    assert report().unreadable == ()
    assert report().skipped == 0
    assert expected - report().looked_at == set()
