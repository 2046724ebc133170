"""The databases' credentials: the same from run to run, and different wherever they may be."""

from __future__ import annotations

import re

import pytest

from constructs_lib.values import Database
from constructs_lib.values.service import DATABASE_KEYS
from stacks.resources.credentials import Credentials, credentials

ORDERS = Database(name="orders", owner="checkout")


def _of(
    seed: str = "seed", cluster: str = "here-apps", host: str = "postgres-rw", database: Database = ORDERS
) -> Credentials:
    return credentials(seed, cluster, host, database)


def test_credentials_have_the_keys_that_services_may_ask_for() -> None:
    assert Credentials._fields == DATABASE_KEYS


def test_credentials_contain_the_address_of_the_database() -> None:
    found = _of()
    host = "postgres-rw.databases.svc.cluster.local"
    assert found[:5] == (
        f"postgresql://checkout:{found.password}@{host}:5432/orders",
        host,
        "5432",
        "orders",
        "checkout",
    )


def test_a_password_is_long_and_needs_no_quoting_in_an_address() -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", _of().password)


@pytest.mark.parametrize("host", ["postgres-rw", "postgres-pooler"])
def test_a_password_is_the_same_in_every_run(host: str) -> None:
    # Written down, as another one would lock every service out.
    assert _of(host=host).password == "jUWHtsQXynDJjWs9UnKJkHzQC1MRb0RZNB9GM1if3Yg"


@pytest.mark.parametrize(
    "other",
    [
        {"seed": "other"},
        {"cluster": "here-ops"},
        {"database": Database(name="orders", owner="payment")},
    ],
    ids=str,
)
def test_passwords_differ_by_seed_cluster_and_role(other: dict[str, str]) -> None:
    assert _of(**other).password != _of().password  # type: ignore[arg-type]


def test_databases_of_one_role_share_its_password() -> None:
    assert _of(database=Database(name="carts", owner="checkout")).password == _of().password
