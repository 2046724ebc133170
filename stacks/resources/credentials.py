"""The databases' credentials. All are derived from one secret: every run gets the same ones, and no file holds them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import NamedTuple

from constructs_lib.parts.names import DATABASES
from constructs_lib.values import Database

_PORT = 5432


class Credentials(NamedTuple):
    """How a service reaches its database. The fields are the keys that a service can ask for."""

    uri: str
    host: str
    port: str
    dbname: str
    username: str
    password: str


def credentials(seed: str, cluster: str, host: str, database: Database) -> Credentials:
    """The credentials of one database. `host` is the name of a Service in the same namespace.

    The password is an HMAC (RFC 2104) of the cluster and the role, keyed with the seed: one password reveals no other.
    """
    digest = hmac.new(seed.encode(), f"{cluster}/{database.owner}".encode(), hashlib.sha256).digest()
    password = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    address = f"{host}.{DATABASES}.svc.cluster.local"
    uri = f"postgresql://{database.owner}:{password}@{address}:{_PORT}/{database.name}"
    return Credentials(uri, address, str(_PORT), database.name, database.owner, password)
