"""The ops cluster is the same platform as the apps cluster, with smaller numbers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from constructs_lib import Role
from constructs_lib.testing import Object
from envs.compose import components
from tests.support.fleet import environment
from tests.support.platform import PAIR, ROLES, whole

_SIZED = {"ResourceQuota", "EnvoyProxy"}


@pytest.fixture(scope="module")
def pair() -> dict[Role, list[Object]]:
    return {role: whole(role) for role in ROLES}


def identity(thing: Object) -> tuple[str, ...]:
    metadata = thing["metadata"]
    return thing["apiVersion"], thing["kind"], metadata.get("namespace", ""), metadata["name"]


def test_both_clusters_have_the_same_components() -> None:
    assert components(PAIR, "apps") == components(PAIR, "ops")


def test_both_clusters_have_the_same_objects(pair: dict[Role, list[Object]]) -> None:
    assert sorted(map(identity, pair["apps"])) == sorted(map(identity, pair["ops"]))


def test_no_two_objects_are_the_same_one(pair: dict[Role, list[Object]]) -> None:
    found = [identity(each) for each in pair["apps"]]
    assert len(set(found)) == len(found)


def test_they_differ_in_numbers_and_in_the_name_of_the_cluster_alone(pair: dict[Role, list[Object]]) -> None:
    def said(role: Role) -> dict[tuple[str, ...], Any]:
        text = json.dumps([each for each in pair[role] if each["kind"] not in _SIZED])
        return {identity(each): each for each in json.loads(text.replace(f"green-field-{role}", "green-field"))}

    assert said("apps") == said("ops")


@pytest.mark.parametrize("kind", sorted(_SIZED))
def test_the_numbers_differ(pair: dict[Role, list[Object]], kind: str) -> None:
    apps, ops = ([each for each in pair[role] if each["kind"] == kind] for role in ROLES)
    assert apps != ops


def test_no_object_holds_the_name_of_another_environment() -> None:
    text = json.dumps(whole("apps", environment("live")))
    assert not [name for name in ("staging", "preprod", "prod-", "green-field") if name in text]
