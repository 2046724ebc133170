"""Namespaces: each one restricted."""

from __future__ import annotations

import pytest

from constructs_lib import Role
from constructs_lib.testing import Object
from tests.support.platform import ROLES, component, whole
from tests.support.rendered import labels_of, names


@pytest.fixture(scope="module")
def made() -> list[Object]:
    return component("namespaces")


def test_kubernetes_refuses_every_pod_that_is_not_restricted(made: list[Object]) -> None:
    for each in made:
        assert [labels_of(each)[f"pod-security.kubernetes.io/{mode}"] for mode in ("enforce", "warn", "audit")] == [
            "restricted"
        ] * 3


def test_the_namespace_of_the_services_is_the_one_that_the_environment_names(made: list[Object]) -> None:
    assert "shop" in names(made, "Namespace")
    assert "apps" not in names(made, "Namespace")


@pytest.mark.parametrize("role", ROLES)
def test_every_namespace_that_the_platform_uses_is_made(role: Role) -> None:
    objects = whole(role)
    used = {each["metadata"]["namespace"] for each in objects if "namespace" in each["metadata"]}
    used |= {each["spec"]["targetNamespace"] for each in objects if each["kind"] == "HelmRelease"}
    assert used <= set(names(objects, "Namespace"))
