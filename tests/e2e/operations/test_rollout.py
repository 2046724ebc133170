"""One service's way through two rollouts: each operation is one commit, and Flux brings it to the cluster."""

import subprocess
import sys
from math import ceil
from pathlib import Path
from typing import Any

import pytest

from desired.core.errors import Refused, Unreachable
from testbed.nodes import NEVER_READY
from testbed.process import until
from testbed.report import Record
from tests.e2e.gitops.following import now
from tests.e2e.gitops.repository import ROOT, image
from tests.e2e.operations.conftest import ENVIRONMENT, PODS, SERVICE, Team, kubeconfig

_GOAL_SECONDS = 10
_GOOD, _BAD = image(42), image(41, f"demo-{NEVER_READY}")
_NEXT = image(43, f"demo-{NEVER_READY}")


def test_a_canary_that_is_never_ready_gets_no_share_and_a_ready_one_goes_all_the_way(
    team: Team, record: Record, tmp_path: Path
) -> None:
    team.deploy(_BAD, team.never_ready_at)
    assert _refused(team) == _not_ready("green"), "the cluster does not have it yet"
    until(lambda: _runs(team, "green", _BAD), "its pods run")
    done = _command(team, "canary", SERVICE, "40", "-e", ENVIRONMENT)
    assert (done.returncode, done.stderr.strip()) == (3, f"✗ {_not_ready('green')}")
    assert team.weights() == {"blue": 100}
    team.do("close", service=SERVICE)

    began = now()
    team.deploy(_GOOD, team.good_at)
    until(lambda: team.ready("green") == PODS, "green is ready", pause=0.3)
    record.measure("Operations", "from a deploy to a ready slot", now() - began, "s", 2 * _GOAL_SECONDS)
    _reaches(team, record, {"blue": 60, "green": 40}, "canary", share=40)
    _rolls_back_blindly(team, record, tmp_path)
    _reaches(team, record, {"green": 100}, "canary", share=100)
    team.do("finalize", service=SERVICE)


def test_the_pods_of_the_version_before_do_not_make_a_slot_ready(team: Team, record: Record) -> None:
    """After a finalized rollout the next version enters the slot in which the one before runs yet."""
    assert team.ready("blue") > 0
    answer = team.deploy(_NEXT, team.never_ready_at)
    assert answer.notes == (f"the finalized rollout {SERVICE} is closed with it",)
    assert _refused(team) == _not_ready("blue"), "the cluster has the version before yet"
    until(lambda: _runs(team, "blue", _NEXT), "the new pods run, beside the old ones")
    assert team.apps.deployment(f"{SERVICE}-blue")["status"]["readyReplicas"] > 0, "these serve on"
    assert _refused(team) == _not_ready("blue")
    assert team.weights() == {"green": 100}

    began = now()
    team.do("close", service=SERVICE)
    until(lambda: not team.apps.deployment(f"{SERVICE}-blue"), "the old slot is gone")
    record.measure("Operations", "close: until the slot is gone", now() - began, "s", _GOAL_SECONDS)
    assert team.apps.image(f"{SERVICE}-green") == _GOOD


def _reaches(team: Team, record: Record, weights: dict[str, int], verb: str, **given: Any) -> None:
    """Does an operation, and waits until the route in the cluster says so."""
    began = now()
    answer = team.do(verb, service=SERVICE, **given)
    answered = now()
    assert answer.status == "live"
    until(lambda: team.weights() == weights, f"the route has {weights}")
    name = f"{verb} {given['share']} %" if "share" in given else verb
    record.measure("Operations", f"{name}: until it is on live", answered - began, "s")
    record.measure("Operations", f"{name}: until the cluster has it", now() - began, "s", _GOAL_SECONDS)


def _rolls_back_blindly(team: Team, record: Record, folder: Path) -> None:
    """A cluster that cannot be asked keeps a share from being raised, and never from being taken back."""
    file = kubeconfig(folder / "away", team.apps.cluster, server="https://10.255.1.9:1")
    away = team.looking_with(file).observe
    with pytest.raises(Unreachable, match=f"Cannot connect to {ENVIRONMENT}-apps"):
        team.do("canary", away, service=SERVICE, share=50)
    _reaches(team, record, {"blue": 100}, "rollback", observe=away)


def _refused(team: Team) -> str:
    """The sentence with which a share of 40 is refused."""
    with pytest.raises(Refused) as problem:
        team.do("canary", service=SERVICE, share=40)
    return str(problem.value)


def _command(team: Team, *words: str) -> subprocess.CompletedProcess[str]:
    """The command line, as somebody has it who works in the clone and has a kubeconfig."""
    program = [sys.executable, "-c", "from desired.cli import main; main()"]
    options = ["-C", str(team.repository.root), "--kubeconfig", str(team.kubeconfig)]
    return subprocess.run([*program, *options, *words], cwd=ROOT, capture_output=True, text=True, check=False)


def _not_ready(slot: str) -> str:
    needed = ceil(PODS * 40 / 100)
    return (
        f"{SERVICE}-{slot} in {ENVIRONMENT} has 0 ready pods, and 40 % of the traffic need {needed}. "
        f"Wait until they are ready, or find out why not"
    )


def _runs(team: Team, slot: str, image: str) -> bool:
    """Whether pods with this image are there in the slot, by what its controller says."""
    found = team.apps.deployment(f"{SERVICE}-{slot}")
    if not found or team.apps.image(f"{SERVICE}-{slot}") != image:
        return False
    status: dict[str, int] = found["status"]
    return (
        status.get("observedGeneration", 0) >= found["metadata"]["generation"] and status.get("updatedReplicas", 0) > 0
    )
