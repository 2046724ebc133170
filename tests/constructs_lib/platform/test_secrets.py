"""Where secrets come from, and who may read them."""

from __future__ import annotations

import pytest

from constructs_lib import Database, Role, Secret
from constructs_lib.testing import Object, one, render
from tests.support.fleet import service
from tests.support.platform import PAIR, component


@pytest.fixture(scope="module")
def made() -> list[Object]:
    return component("secrets")


@pytest.mark.parametrize(
    ("store", "namespaces"),
    [
        pytest.param("vault", ["shop", "gateways"], id="the secret store"),
        pytest.param("databases", ["shop"], id="the credentials of databases"),
    ],
)
def test_only_namespaces_that_need_it_may_use_a_store(made: list[Object], store: str, namespaces: list[str]) -> None:
    spec = one(made, "ClusterSecretStore", store)["spec"]
    assert spec["conditions"] == [{"namespaces": namespaces}]


@pytest.mark.parametrize("role", ["apps", "ops"])
def test_each_cluster_signs_in_to_the_store_as_itself(role: Role) -> None:
    vault = one(component("secrets", role), "ClusterSecretStore", "vault")["spec"]["provider"]["vault"]
    assert vault["server"] == "https://vault.green-field.example.com"
    assert vault["auth"]["kubernetes"]["role"] == f"green-field-{role}"


def test_the_credentials_of_databases_are_read_where_they_lie_and_nowhere_else(made: list[Object]) -> None:
    provider = one(made, "ClusterSecretStore", "databases")["spec"]["provider"]["kubernetes"]
    account = provider["auth"]["serviceAccount"]
    assert provider["remoteNamespace"] == account["namespace"] == "databases"
    assert one(made, "ServiceAccount", account["name"])["metadata"]["namespace"] == "databases"
    binding = one(made, "RoleBinding")
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": account["name"], "namespace": "databases"}]
    assert one(made, "Role", binding["roleRef"]["name"])["rules"][0] == {
        "apiGroups": [""],
        "resources": ["secrets"],
        "verbs": ["get", "list", "watch"],
    }


def test_every_secret_of_a_service_comes_from_a_store_that_is_there(made: list[Object]) -> None:
    given = service(secrets=(Secret(name="api", keys={"t": "api#t"}),), database=Database(name="shop", owner="shop"))
    secrets = [each for each in render(given, PAIR) if each["kind"] == "ExternalSecret"]
    assert len(secrets) == 2
    for each in secrets:
        store = one(made, "ClusterSecretStore", each["spec"]["secretStoreRef"]["name"])
        assert each["metadata"]["namespace"] in store["spec"]["conditions"][0]["namespaces"]
