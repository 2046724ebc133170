"""ConfigMaps by content, ExternalSecrets by reference, and the secret of the own database."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import Config, ConfigKey, Database, Port, Secret, SecretKey
from constructs_lib.testing import Object, one, render
from tests.support.fleet import service, worker
from tests.support.rendered import ENV, names, pod

_DATABASE = Database(name="shop", owner="shop", extensions=("pg_trgm",))


def config_name(*, key: str = "a.yaml", text: str = "a: 1", mount: str | None = "/etc/a", **fields: Any) -> str:
    config = Config(name="main", data={key: text}, mount=mount)
    (name,) = names(render(service(configs=(config,), **fields), ENV), "ConfigMap")
    return name


@pytest.mark.parametrize(
    ("change", "same"),
    [
        pytest.param({"text": "a: 2"}, False, id="the text"),
        pytest.param({"key": "b.yaml"}, False, id="the name of a file"),
        pytest.param({"text": "a: 1\n"}, False, id="a new line at the end"),
        pytest.param({"mount": "/etc/b"}, True, id="where it is mounted"),
        pytest.param({"mount": None}, True, id="that it is mounted"),
        pytest.param({"env": {"MORE": "x"}}, True, id="another field of the service"),
        pytest.param({"ports": (Port.http(9090),)}, True, id="its port"),
    ],
)
def test_the_name_of_a_config_map_changes_with_its_content_and_only_then(change: dict[str, Any], same: bool) -> None:
    assert (config_name(**change) == config_name()) is same


def test_the_order_of_the_keys_is_no_content() -> None:
    def name(data: dict[str, str]) -> list[str]:
        return names(render(service(configs=(Config(name="main", data=data),)), ENV), "ConfigMap")

    assert name({"a": "1", "b": "2"}) == name({"b": "2", "a": "1"})


def test_a_config_map_holds_the_text_as_it_is_and_never_changes() -> None:
    text = "a: 'yes'\n# 08\n\tü\n"
    made = one(render(service(configs=(Config(name="main", data={"a": text}),)), ENV), "ConfigMap")
    assert made["data"] == {"a": text}
    assert made["immutable"] is True
    assert made["metadata"]["name"].startswith("greeter-blue-main-")


def test_the_pods_refer_to_the_config_map_by_its_whole_name_so_that_they_roll() -> None:
    config = Config(name="main", data={"a": "1"}, mount="/etc/a")
    objects = render(service(configs=(config,), env={"A": ConfigKey(config="main", key="a")}), ENV)
    (name,) = names(objects, "ConfigMap")
    spec = pod(objects)["spec"]
    (volume,) = [each for each in spec["volumes"] if "configMap" in each]
    (variable,) = [each for each in spec["containers"][0]["env"] if each["name"] == "A"]
    assert volume == {"name": "config-main", "configMap": {"name": name, "defaultMode": 0o440}}
    assert variable["valueFrom"] == {"configMapKeyRef": {"name": name, "key": "a"}}


def external_secret(objects: list[Object], name: str) -> dict[str, Any]:
    made = one(objects, "ExternalSecret", name)
    assert made["apiVersion"] == "external-secrets.io/v1"
    assert made["spec"]["target"] == {"name": name, "creationPolicy": "Owner", "deletionPolicy": "Retain"}
    spec: dict[str, Any] = made["spec"]
    return spec


def test_a_secret_is_a_reference_to_the_store() -> None:
    secret = Secret(name="api", keys={"token": "payment/api#token", "whole": "payment/all"})
    spec = external_secret(render(service(secrets=(secret,)), ENV), "greeter-blue-api")
    assert spec["secretStoreRef"] == {"kind": "ClusterSecretStore", "name": "vault"}
    assert spec["data"] == [
        {"secretKey": "token", "remoteRef": {"key": "payment/api", "property": "token"}},
        {"secretKey": "whole", "remoteRef": {"key": "payment/all"}},
    ]


def test_a_secret_reaches_the_pod_as_a_variable_and_as_files() -> None:
    secret = Secret(name="api", keys={"token": "payment/api#token"}, mount="/etc/api")
    spec = pod(render(service(secrets=(secret,), env={"T": SecretKey(secret="api", key="token")}), ENV))["spec"]
    (volume,) = [each for each in spec["volumes"] if "secret" in each]
    (variable,) = [each for each in spec["containers"][0]["env"] if each["name"] == "T"]
    assert volume == {"name": "secret-api", "secret": {"secretName": "greeter-blue-api", "defaultMode": 0o440}}
    assert variable["valueFrom"] == {"secretKeyRef": {"name": "greeter-blue-api", "key": "token"}}
    assert {"name": "secret-api", "mountPath": "/etc/api", "readOnly": True} in spec["containers"][0]["volumeMounts"]


def test_no_secret_is_ever_rendered_itself() -> None:
    secret = Secret(name="api", keys={"token": "payment/api#token"})
    assert names(render(service(secrets=(secret,), database=_DATABASE), ENV), "Secret") == []


def test_a_database_hands_over_its_address_and_password() -> None:
    given = worker(database=_DATABASE, env={"DB_URI": SecretKey(secret="database", key="uri")})
    objects = render(given, ENV)
    spec = external_secret(objects, "mailer-database")
    assert spec["secretStoreRef"] == {"kind": "ClusterSecretStore", "name": "databases"}
    assert [each["secretKey"] for each in spec["data"]] == ["uri", "host", "port", "dbname", "username", "password"]
    assert {each["remoteRef"]["key"] for each in spec["data"]} == {"mailer"}
    (variable,) = [each for each in pod(objects)["spec"]["containers"][0]["env"] if each["name"] == "DB_URI"]
    assert variable["valueFrom"] == {"secretKeyRef": {"name": "mailer-database", "key": "uri"}}


def test_the_slots_share_the_secret_of_the_database_and_nothing_else() -> None:
    secret = Secret(name="api", keys={"token": "payment/api#token"})
    given = service(secrets=(secret,), database=_DATABASE)
    objects = render(given, ENV, candidate=given, share=40)
    assert names(objects, "ExternalSecret") == ["greeter-blue-api", "greeter-database", "greeter-green-api"]


@pytest.mark.parametrize("way", [{"share": 0}, {"finalized": True}], ids=["open", "finalized"])
@pytest.mark.parametrize("first", [True, False], ids=["the old version has it", "the new version has it"])
def test_a_database_that_one_version_has_is_there_for_the_whole_rollout(first: bool, way: dict[str, Any]) -> None:
    with_database, without = service(database=_DATABASE), service()
    stable, candidate = (with_database, without) if first else (without, with_database)
    assert names(render(stable, ENV, candidate=candidate, **way), "ExternalSecret") == ["greeter-database"]
