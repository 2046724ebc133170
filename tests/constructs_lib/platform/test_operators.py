"""The operators: charts by digest, each with its release."""

from __future__ import annotations

import re

import pytest

from constructs_lib.testing import Object, one
from tests.support.platform import component
from tests.support.rendered import names

_WANTED = {
    "envoy-gateway": "envoy-gateway-system",
    "external-secrets": "external-secrets",
    "prometheus-operator": "monitoring",
    "cert-manager": "cert-manager",
    "cloudnative-pg": "cnpg-system",
    "plugin-barman-cloud": "cnpg-system",
}


@pytest.fixture(scope="module")
def made() -> list[Object]:
    return component("operators")


def test_there_are_the_operators_whose_resources_the_library_uses(made: list[Object]) -> None:
    assert names(made, "HelmRelease") == names(made, "OCIRepository") == sorted(_WANTED)


@pytest.mark.parametrize("name", sorted(_WANTED))
def test_a_chart_is_pulled_by_digest_and_by_nothing_else(made: list[Object], name: str) -> None:
    spec = one(made, "OCIRepository", name)["spec"]
    assert re.fullmatch(r"oci://[a-z0-9./-]+", spec["url"])
    assert list(spec["ref"]) == ["digest"]
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", spec["ref"]["digest"])


@pytest.mark.parametrize(("name", "namespace"), sorted(_WANTED.items()))
def test_a_release_installs_its_chart_and_keeps_trying(made: list[Object], name: str, namespace: str) -> None:
    release = one(made, "HelmRelease", name)
    assert release["metadata"]["namespace"] == one(made, "OCIRepository", name)["metadata"]["namespace"]
    spec = release["spec"]
    assert spec["chartRef"] == {"kind": "OCIRepository", "name": name}
    assert spec["targetNamespace"] == namespace
    for when in ("install", "upgrade"):
        assert spec[when] == {"crds": "CreateReplace", "remediation": {"retries": 3}}


def test_two_charts_never_have_the_same_digest(made: list[Object]) -> None:
    digests = [each["spec"]["ref"]["digest"] for each in made if each["kind"] == "OCIRepository"]
    assert len(set(digests)) == len(_WANTED)
