"""How an environment runs PostgreSQL: instances, backups and pooler. `stacks/` creates them."""

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
    """Where and when the Barman Cloud plugin of CloudNativePG backs up a database."""

    to: _Address
    """The bucket, or a folder in it. Each cluster writes to its own folder there."""
    endpoint: Annotated[str, Form(r"^https://[!-~]+$", "an address that begins with 'https://'")] | None = None
    """The address of an S3-compatible object store. Default: Amazon S3."""
    retention: Annotated[str, Form(r"^[1-9][0-9]{0,3}[dwm]$", "days, weeks or months, such as '30d'")] = "30d"
    """How long backups are kept, such as `30d`."""
    schedule: Annotated[
        str, Form(r"^(\S+ ){5}\S+$", "six fields of cron, the first for seconds, such as '0 0 2 * * *'")
    ] = "0 0 2 * * *"
    """When base backups start, in UTC: cron with a field for seconds. The log is archived continuously."""


class Pooler(Value):
    """The PgBouncer between the services and the primary."""

    instances: Annotated[Int, Field(ge=1, le=9)] = 2
    """The number of its pods."""
    mode: Literal["session", "transaction"] = "session"
    """How long a client keeps a connection: for its session or for one transaction."""


class DatabaseClass(Value):
    """How PostgreSQL runs in both clusters. `stacks/` creates it."""

    instances: Annotated[Int, Field(ge=1, le=9)] = 1
    """The number of PostgreSQL instances, including the primary. With two or more, every commit waits for a standby."""
    storage: Quantity = "10Gi"
    """The storage of each instance."""
    resources: Resources = Resources(cpu="250m", memory="512Mi")
    """The CPU and memory of each instance."""
    backups: Backups | None = None
    """How it is backed up. Default: no backups."""
    pooler: Pooler | None = None
    """The connection pooler. Default: services connect to the primary directly."""
