"""The definitions that are taken out of modules."""

from pathlib import Path

import pytest

from testbed.programs import crds as table
from testbed.programs.crds import CRDS, PROVIDERS, STAGES, WEBHOOKS, crds
from testbed.programs.download import Folders
from tests.testbed.programs.proxy import Proxy

_CRD = "kind: CustomResourceDefinition\nmetadata: {name: %s, labels: {of: file}}\nspec: {enum: [=, 2026-01-02]}\n"
_FILES = {
    "bases/b.yaml": _CRD % "b" + "---\n" + _CRD % "c",
    "bases/a.yaml": _CRD % "a",
    "bases/policy.yaml": "kind: ValidatingAdmissionPolicy\nmetadata: {name: safe}\n",
    "bases/empty.yaml": "# nothing\n---\n",
}


@pytest.fixture(params=["external-secrets", "cluster-api"])
def name(request: pytest.FixtureRequest, proxy: Proxy, cache: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A row of the table, with a small module in its place."""
    published = proxy.publish("example.com/crds", "v1.0.0", _FILES)
    small = Folders("example.com/crds", "v1.0.0", published.sum, ("bases",))
    monkeypatch.setattr(table, "CRDS", {request.param: small})
    return str(request.param)


def test_all_definitions_of_all_files_are_taken_and_nothing_else(name: str) -> None:
    assert [crd["metadata"]["name"] for crd in crds(name)] == ["a", "b", "c"]


def test_what_only_looks_like_another_type_stays_a_string(name: str) -> None:
    assert crds(name)[0]["spec"] == {"enum": ["=", "2026-01-02"]}


def test_the_definitions_of_cluster_api_say_which_contracts_they_keep(name: str) -> None:
    contracts = {"cluster.x-k8s.io/v1beta1": "v1beta1", "cluster.x-k8s.io/v1beta2": "v1beta2"}
    expected = {"of": "file"} | (contracts if name == "cluster-api" else {})
    assert all(crd["metadata"]["labels"] == expected for crd in crds(name))


_ALL = [*CRDS.values(), *PROVIDERS.values(), *WEBHOOKS.values(), STAGES]


@pytest.mark.parametrize("wanted", _ALL, ids=lambda wanted: wanted.label)
def test_every_row_is_pinned_by_a_checksum(wanted: Folders) -> None:
    assert wanted.sum.startswith("h1:")
    assert len(wanted.sum) == 47
