"""The class of an environment's databases: how PostgreSQL runs, its backups and its pooler. `stacks/` makes them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .base import Int, Value
from .resources import Quantity, Resources
from .text import Form

_Address = Annotated[
    str,
    Form(r"^s3://[!-~]*[!-.0-~]$", "a bucket or a folder in it without '/' at its end, such as 's3://backups'"),
]


class Backups(Value):
    """Where and when a database is backed up, by the Barman Cloud plugin of CloudNativePG."""

    to: _Address
    """The bucket, or a folder in it; each cluster has a folder of its own there."""
    endpoint: Annotated[str, Form(r"^https://[!-~]+$", "an address that begins with 'https://'")] | None = None
    """The address of the object store that speaks S3, where it is not AWS' own."""
    retention: Annotated[str, Form(r"^[1-9][0-9]{0,3}[dwm]$", "days, weeks or months, such as '30d'")] = "30d"
    """How long backups are kept, as `30d`."""
    schedule: Annotated[
        str, Form(r"^(\S+ ){5}\S+$", "six fields of cron, the first for seconds, such as '0 0 2 * * *'")
    ] = "0 0 2 * * *"
    """When a base backup is made, in UTC, by cron with seconds; the log is archived all the time."""


class Pooler(Value):
    """PgBouncer between the services and the primary."""

    instances: Annotated[Int, Field(ge=1, le=9)] = 2
    """Its pods."""
    mode: Literal["session", "transaction"] = "session"
    """How long a connection belongs to a client."""


class DatabaseClass(Value):
    """How the PostgreSQL of both clusters runs; `stacks/` makes it."""

    instances: Annotated[Int, Field(ge=1, le=9)] = 1
    """PostgreSQL instances, one of them the primary; from two on every commit waits for a second one."""
    storage: Quantity = "10Gi"
    """Space of each instance."""
    resources: Resources = Resources(cpu="250m", memory="512Mi")
    """CPU and memory of each instance."""
    backups: Backups | None = None
    """How it is backed up; not at all when not given."""
    pooler: Pooler | None = None
    """What stands between the services and the primary; nothing when not given."""
