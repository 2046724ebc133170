"""The schedule of a job."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .base import Int, Seconds, Value
from .text import Form


def _cron_field(number: str, names: str = "") -> str:
    one = f"({number}|{names})" if names else f"({number})"
    part = rf"((\*|{one}(-{one})?)(/[1-9][0-9]?)?)"
    return f"{part}(,{part})*"


_CRON = " ".join(
    (
        _cron_field("[0-5]?[0-9]"),
        _cron_field("[01]?[0-9]|2[0-3]"),
        _cron_field("0?[1-9]|[12][0-9]|3[01]"),
        _cron_field("0?[1-9]|1[0-2]", "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC"),
        _cron_field("[0-6]", "SUN|MON|TUE|WED|THU|FRI|SAT"),
    )
)


class Schedule(Value):
    """The schedule of a job."""

    cron: Annotated[
        str,
        Form(
            f"^(@(hourly|daily|midnight|weekly|monthly|yearly|annually)|{_CRON})$",
            "minute, hour, day, month and day of the week (Sunday is 0), such as '30 4 * * 1-5', or '@daily'",
            200,
        ),
    ]
    """Five fields such as `30 4 * * 1-5`, or a macro such as `@daily`. Source: crontab(5), as Kubernetes reads it."""
    time_zone: Annotated[
        str, Form(r"^[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$", "the name of a time zone, such as 'Europe/Berlin'", 100)
    ] = "Etc/UTC"
    """The time zone of `cron`."""
    overlap: Literal["Forbid", "Allow", "Replace"] = "Forbid"
    """What happens if a run is still active when the next one is due."""
    deadline_seconds: Annotated[Seconds, Field(ge=1)] = 3600
    """Seconds after which a run is stopped."""
    retries: Annotated[Int, Field(ge=0, le=20)] = 2
    """The number of retries after a failed run."""
