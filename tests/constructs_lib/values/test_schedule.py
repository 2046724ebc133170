"""When a job runs."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import Schedule
from tests.support.mistakes import by_sentence, mistake

CRON = "minute, hour, day, month and day of the week (Sunday is 0), such as '30 4 * * 1-5', or '@daily'"


@pytest.mark.parametrize(
    "cron",
    ["@daily", "@hourly", "* * * * *", "0 0 1 1 0", "59 23 31 12 6", "*/5 * * * *", "0-30/10 1,2,3 * JAN-MAR MON-FRI",
     "05 04 * * SUN", "30 4 * * 1-5"],
)  # fmt: skip
def test_a_time_is_accepted(cron: str) -> None:
    assert Schedule(cron=cron).cron == cron


@pytest.mark.parametrize(
    "cron",
    ["", "daily", "@reboot", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *",
     "* * * * 7", "*/0 * * * *", "a b c d e", "* * * * *\n", "*  * * * *", "TZ=UTC * * * * *", "-1 * * * *"],
    ids=ascii,
)  # fmt: skip
def test_any_other_text_is_no_time(cron: str) -> None:
    assert mistake(Schedule, {"cron": cron}) == f"Schedule.cron must be {CRON}, got {cron!r}"


@pytest.mark.parametrize("zone", ["Etc/UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+1", "UTC"])
def test_a_time_zone_is_accepted(zone: str) -> None:
    assert Schedule(cron="@daily", time_zone=zone).time_zone == zone


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"time_zone": "local time"},
         "Schedule.time_zone must be the name of a time zone, such as 'Europe/Berlin', got 'local time'"),
        ({"overlap": "forbid"}, "Schedule.overlap must be 'Forbid', 'Allow' or 'Replace', got 'forbid'"),
        ({"deadline_seconds": 0}, "Schedule.deadline_seconds must be at least 1, got 0"),
        ({"retries": 21}, "Schedule.retries must be at most 20, got 21"),
    ],
    ids=by_sentence,
)  # fmt: skip
def test_a_schedule_that_makes_no_sense_is_refused(fields: dict[str, Any], sentence: str) -> None:
    assert mistake(Schedule, {"cron": "@daily", **fields}) == sentence
