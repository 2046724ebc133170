"""A scheduled job: a CronJob whose runs neither overlap nor last for ever."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import Schedule
from constructs_lib.testing import one, render
from tests.support.fleet import worker
from tests.support.rendered import ENV, names, pod


def cron_job(**schedule: Any) -> dict[str, Any]:
    given = worker("nightly", schedule=Schedule(cron="0 3 * * *", **schedule))
    spec: dict[str, Any] = one(render(given, ENV), "CronJob", "nightly")["spec"]
    return spec


def test_it_runs_at_its_time_and_never_twice_at_once() -> None:
    spec = cron_job()
    assert (spec["schedule"], spec["timeZone"], spec["concurrencyPolicy"]) == ("0 3 * * *", "Etc/UTC", "Forbid")


def test_a_run_ends_after_its_deadline_and_is_tried_again_a_few_times() -> None:
    job = cron_job()["jobTemplate"]["spec"]
    assert (job["activeDeadlineSeconds"], job["backoffLimit"]) == (3600, 2)


@pytest.mark.parametrize(
    ("said", "where", "value"),
    [
        pytest.param({"time_zone": "Europe/Berlin"}, ("timeZone",), "Europe/Berlin", id="time zone"),
        pytest.param({"overlap": "Replace"}, ("concurrencyPolicy",), "Replace", id="overlap"),
        pytest.param({"deadline_seconds": 60}, ("jobTemplate", "spec", "activeDeadlineSeconds"), 60, id="deadline"),
        pytest.param({"retries": 0}, ("jobTemplate", "spec", "backoffLimit"), 0, id="retries"),
    ],
)
def test_what_the_service_says_of_its_runs_is_taken_over(
    said: dict[str, Any], where: tuple[str, ...], value: object
) -> None:
    found: Any = cron_job(**said)
    for key in where:
        found = found[key]
    assert found == value


def test_its_pod_ends_by_itself_under_its_own_account() -> None:
    objects = render(worker("nightly", schedule=Schedule(cron="@daily")), ENV)
    spec = pod(objects)["spec"]
    assert (spec["restartPolicy"], spec["serviceAccountName"]) == ("Never", "nightly")
    assert not {"livenessProbe", "readinessProbe", "startupProbe", "lifecycle"} & set(spec["containers"][0])
    assert names(objects, "ServiceAccount") == ["nightly"]


def test_it_has_nothing_that_keeps_pods_running() -> None:
    kinds = {each["kind"] for each in render(worker("nightly", schedule=Schedule(cron="@daily")), ENV)}
    assert kinds == {"CronJob", "Kustomization", "NetworkPolicy", "ServiceAccount"}
