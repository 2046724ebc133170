"""Quota and limits of the services' namespace, in the environment's numbers."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import Role
from constructs_lib.testing import one
from tests.support.platform import component


@pytest.mark.parametrize(
    ("role", "hard"),
    [
        pytest.param(
            "apps",
            {
                "requests.cpu": "64",
                "requests.memory": "128Gi",
                "limits.memory": "128Gi",
                "requests.storage": "1Ti",
                "pods": "400",
            },
            id="apps",
        ),
        pytest.param(
            "ops",
            {
                "requests.cpu": "2",
                "requests.memory": "4Gi",
                "limits.memory": "4Gi",
                "requests.storage": "10Gi",
                "pods": "20",
            },
            id="ops",
        ),
    ],
)
def test_the_quota_is_that_of_the_cluster(role: Role, hard: dict[str, Any]) -> None:
    quota = one(component("limits", role), "ResourceQuota")
    assert quota["metadata"]["namespace"] == "shop"
    assert quota["spec"]["hard"] == hard


def test_a_container_that_says_nothing_gets_the_smallest_size() -> None:
    limits = one(component("limits"), "LimitRange")
    assert limits["metadata"]["namespace"] == "shop"
    assert limits["spec"]["limits"] == [
        {"type": "Container", "default": {"memory": "64Mi"}, "defaultRequest": {"cpu": "50m", "memory": "64Mi"}}
    ]
