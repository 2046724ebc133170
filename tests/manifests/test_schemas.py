"""Kubernetes' own schemas, strict, and its closed lists of words, over every object that we ship."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import pytest

from tests.support.checkers import NoSchema, schema_finding
from tests.support.shipped import CLUSTERS, objects
from tests.support.words import WORDS, closed_fields, word_finding

# Kubernetes has no schema for custom resources; the tests of the parts that make them hold their fields.
CUSTOM = {
    "external-secrets.io/v1 ClusterSecretStore",
    "external-secrets.io/v1 ExternalSecret",
    "gateway.envoyproxy.io/v1alpha1 BackendTrafficPolicy",
    "gateway.envoyproxy.io/v1alpha1 EnvoyProxy",
    "gateway.networking.k8s.io/v1 GRPCRoute",
    "gateway.networking.k8s.io/v1 Gateway",
    "gateway.networking.k8s.io/v1 GatewayClass",
    "gateway.networking.k8s.io/v1 HTTPRoute",
    "helm.toolkit.fluxcd.io/v2 HelmRelease",
    "kustomize.toolkit.fluxcd.io/v1 Kustomization",
    "monitoring.coreos.com/v1 PodMonitor",
    "monitoring.coreos.com/v1 PrometheusRule",
    "notification.toolkit.fluxcd.io/v1 Receiver",
    "notification.toolkit.fluxcd.io/v1beta3 Alert",
    "notification.toolkit.fluxcd.io/v1beta3 Provider",
    "source.toolkit.fluxcd.io/v1 GitRepository",
    "source.toolkit.fluxcd.io/v1 OCIRepository",
}


class Checked(NamedTuple):
    findings: dict[str, str]
    without: set[str]


@cache
def checked(cluster: str) -> Checked:
    findings, without = dict[str, str](), set[str]()
    for path, each in objects(cluster):
        try:
            if found := schema_finding(each) or word_finding(each):
                findings[path] = found
        except NoSchema:
            without.add(f"{each['apiVersion']} {each['kind']}")
    return Checked(findings, without)


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_every_object_fits_the_schema_of_its_kind(cluster: str) -> None:
    assert checked(cluster).findings == {}


def test_only_the_listed_kinds_have_no_schema() -> None:
    assert set[str]().union(*(checked(cluster).without for cluster in CLUSTERS)) == CUSTOM


def test_every_list_of_words_is_used() -> None:
    found = {field for cluster in CLUSTERS for _, each in objects(cluster) for field, _ in closed_fields(each)}
    assert WORDS.keys() - found == set()
