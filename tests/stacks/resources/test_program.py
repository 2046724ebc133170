"""What each stack is made of, and what is wrong with what people said."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from constructs_lib import Environment
from constructs_lib.values import Problem
from stacks.resources.cluster_spec import INPUTS, ROOT, ClusterSpec
from stacks.resources.infrastructure import FOLDER, load
from stacks.resources.program import cluster_spec_of
from stacks.resources.settings import MANAGEMENT
from tests.stacks.parts import APPS, CLUSTER, OPS, OURS, POSTGRES, SERVED, STEPS, autoscaler, parts
from tests.support.kubectl import MANAGEMENT as MANAGEMENT_KUBECONFIG
from tests.support.kubectl import Kubectl
from tests.support.recording import Run
from tests.support.stacks import CLUSTER_SPECS, ENVIRONMENTS, STACKS, WITH_PAIR, changed, run, up


@OURS
def test_a_stack_registers_each_object_below_its_component(cluster_spec: ClusterSpec, runs: Mapping[str, Run]) -> None:
    made = runs[cluster_spec.name]
    found: dict[str, list[str]] = {}
    for each in made.objects:
        component = each.request.parent.split("::")[-2].rpartition("$")[2].removeprefix("desired:stacks:")
        found.setdefault(component.replace("pulumi:pulumi:Stack", ""), []).append(str(each))
    assert {part: sorted(names) for part, names in found.items()} == parts(cluster_spec)
    assert all(each.name == cluster_spec.name for each in made.registered if each.kind.startswith("desired:"))


@OURS
def test_only_the_database_is_registered_in_the_cluster_itself(
    cluster_spec: ClusterSpec, runs: Mapping[str, Run]
) -> None:
    made = runs[cluster_spec.name]
    inside = {str(each) for each in made.objects if each.provider == cluster_spec.name}
    assert inside == set(parts(cluster_spec)["DatabaseCluster"])
    assert {each.provider for each in made.objects} == {cluster_spec.name, MANAGEMENT}
    kubeconfigs = {each.name: each.item["kubeconfig"] for each in made.of("pulumi:providers:kubernetes")}
    # Another password is the same Secret, not one that is deleted before the other is made.
    assert {each.item["enableSecretMutable"] for each in made.of("pulumi:providers:kubernetes")} == {"true"}
    assert kubeconfigs == {
        MANAGEMENT: MANAGEMENT_KUBECONFIG,
        cluster_spec.name: up(cluster_spec.name).kubeconfigs[cluster_spec.name],
    }


@OURS
def test_a_cluster_depends_on_its_class_and_its_secrets(cluster_spec: ClusterSpec, runs: Mapping[str, Run]) -> None:
    made = runs[cluster_spec.name]
    assert made.before(made.one(CLUSTER)) >= {*parts(cluster_spec)["ClusterClass"], *parts(cluster_spec)[""]}


@OURS
def test_each_object_depends_on_what_it_needs(cluster_spec: ClusterSpec, runs: Mapping[str, Run]) -> None:
    made = runs[cluster_spec.name]
    for step in STEPS:
        (carrier,) = [each for each in made.objects if each.name.endswith(step) and "ResourceSet" in each.kind]
        assert f"core/v1:Secret {cluster_spec.name}/bootstrap-{step}" in made.before(carrier)
    for deployment in made.of("apps/v1:Deployment"):
        assert made.before(deployment) >= {*autoscaler(cluster_spec)} - {str(deployment)}
    postgres = made.one(POSTGRES)
    first_of_all = {
        name for name in parts(cluster_spec)["DatabaseCluster"] if "Secret" in name or "ObjectStore" in name
    }
    assert made.before(postgres) >= first_of_all
    # The Cluster records that it has a database, so it comes first.
    for each in made.objects:
        assert each.provider == MANAGEMENT or str(made.one(CLUSTER)) in made.before(each)
    for kind in ("Database", "Pooler", "ScheduledBackup"):
        for each in made.of(f"postgresql.cnpg.io/v1:{kind}"):
            assert str(postgres) in made.before(each)


@OURS
def test_the_outputs_say_how_to_reach_a_cluster_and_its_databases(
    cluster_spec: ClusterSpec, runs: Mapping[str, Run]
) -> None:
    pooler = cluster_spec.environment.database.pooler
    assert runs[cluster_spec.name].outputs == {
        "inputs": cluster_spec.inputs(),
        "kubernetes": cluster_spec.pair.kubernetes,
        "endpoint": "https://10.0.0.7:6443",
        "kubeconfig": f"{cluster_spec.name}/{cluster_spec.name}-kubeconfig",
        "database": "postgres-pooler.databases" if pooler else "postgres-rw.databases",
        "databaseSecrets": {name: f"databases/{name}" for name in SERVED} if cluster_spec.role == "apps" else {},
    }


@pytest.mark.parametrize("stack", STACKS)
def test_a_second_run_registers_the_same(stack: str, runs: Mapping[str, Run]) -> None:
    def asked(made: Run) -> dict[str, tuple[Any, ...]]:
        return {
            each.urn: (each.item, each.kept, each.provider, sorted(each.request.dependencies), each.request.deletedWith)
            for each in made.registered
        }

    assert asked(run(stack)) == asked(runs[stack])


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_runs_without_warnings(stack: str, runs: Mapping[str, Run]) -> None:
    assert (runs[stack].warnings, runs[stack].refused) == ([], ())


@pytest.mark.parametrize("environment", WITH_PAIR, ids=lambda each: each.name)
def test_both_clusters_of_a_pair_have_the_same_class_version_and_inputs(
    environment: Environment, runs: Mapping[str, Run]
) -> None:
    ops, apps = (runs[environment.cluster_name(role)] for role in ("ops", "apps"))

    def classes(made: Run) -> list[Any]:
        items = [each.item for each in made.objects if "ClusterClass" in each.request.parent]
        return sorted(([each["kind"], each["metadata"]["name"], each["spec"]] for each in items), key=str)

    assert classes(ops) == classes(apps)
    topologies = [made.one(CLUSTER).item["spec"]["topology"] for made in (ops, apps)]
    for key in ("classRef", "version", "controlPlane"):
        assert topologies[0][key] == topologies[1][key]
    given = {made.one(CLUSTER).item["metadata"]["annotations"][INPUTS] for made in (ops, apps)}
    assert given == {ops.outputs["inputs"]} == {apps.outputs["inputs"]}


@pytest.mark.parametrize("stack", ["nowhere-ops", APPS.environment.name, f"{APPS.environment.name}-db", "apps", ""])
def test_an_unknown_stack_is_refused_with_the_known_ones(stack: str) -> None:
    known = ", ".join([MANAGEMENT, *(cluster_spec.name for cluster_spec in CLUSTER_SPECS)])
    with pytest.raises(Problem) as refused:
        cluster_spec_of(stack, ENVIRONMENTS)
    assert refused.value.sentences == (f"there is no stack {stack!r}; the stacks are {known}",)


def test_an_environment_without_a_pair_has_no_stack() -> None:
    made = run(OPS, Kubectl(), changed(APPS, pair=None), ops={})
    name = APPS.environment.name
    said = f"envs/{name}.py: pair is missing, so it has no stacks; add pair=Pair(…)"
    assert (made.refused, made.registered) == ((said,), [])


def test_an_unknown_zone_is_refused_before_anything_is_registered() -> None:
    infrastructure = next(
        name for name in sorted(file.stem for file in FOLDER.glob("*.yaml")) if load(name).config.zones
    )
    made = run(OPS, environments=changed(APPS, pair__infrastructure=infrastructure, zones=("a", "nowhere")))
    assert made.refused[0].startswith(f"{infrastructure} has no zone 'nowhere'; ")
    assert made.registered == []


def test_missing_manifests_are_refused_before_anything_is_registered(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("stacks.resources.bootstrap.ROOT", tmp_path)
    made = run(OPS)
    file = f"manifests/{OPS}/platform/namespaces/namespace-flux-system.yaml"
    assert (ROOT / file).is_file()
    assert made.refused == (f"{file} is missing, and a new cluster needs it: run `make synth`",)
    assert made.registered == []
