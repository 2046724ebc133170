"""The databases' credentials: derived from one secret, so that they are the same from run to run and stand nowhere."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import NamedTuple

from constructs_lib.parts.names import DATABASES
from constructs_lib.values import Database

_PORT = 5432


class Credentials(NamedTuple):
    """How a service reaches its database; the fields are the keys that services may name."""

    uri: str
    host: str
    port: str
    dbname: str
    username: str
    password: str


def credentials(seed: str, cluster: str, host: str, database: Database) -> Credentials:
    """Of one database; `host` is the name of a Service beside it.

    The password is an HMAC (RFC 2104) of the cluster and the role with the seed: who knows one learns no other.
    """
    digest = hmac.new(seed.encode(), f"{cluster}/{database.owner}".encode(), hashlib.sha256).digest()
    password = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    address = f"{host}.{DATABASES}.svc.cluster.local"
    uri = f"postgresql://{database.owner}:{password}@{address}:{_PORT}/{database.name}"
    return Credentials(uri, address, str(_PORT), database.name, database.owner, password)
