"""What each stack is made of, and what is wrong with what people said."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from constructs_lib import Environment
from constructs_lib.values import Problem
from stacks.infrastructure import FOLDER, load
from stacks.program import side_of
from stacks.settings import MANAGEMENT
from stacks.side import INPUTS, ROOT, Side
from tests.stacks.parts import APPS, CLUSTER, OPS, OURS, POSTGRES, SERVED, STEPS, autoscaler, parts
from tests.support.kubectl import MANAGEMENT as MANAGEMENT_KUBECONFIG
from tests.support.kubectl import Kubectl
from tests.support.recording import Run
from tests.support.stacks import ENVIRONMENTS, SIDES, STACKS, WITH_PAIR, changed, run, up


@OURS
def test_a_cluster_is_made_of_these_objects_each_below_its_component(side: Side, runs: Mapping[str, Run]) -> None:
    made = runs[side.name]
    found: dict[str, list[str]] = {}
    for each in made.objects:
        component = each.request.parent.split("::")[-2].rpartition("$")[2].removeprefix("desired:stacks:")
        found.setdefault(component.replace("pulumi:pulumi:Stack", ""), []).append(str(each))
    assert {part: sorted(names) for part, names in found.items()} == parts(side)
    assert all(each.name == side.name for each in made.registered if each.kind.startswith("desired:"))


@OURS
def test_the_database_is_made_in_the_cluster_and_all_else_in_the_management_cluster(
    side: Side, runs: Mapping[str, Run]
) -> None:
    made = runs[side.name]
    inside = {str(each) for each in made.objects if each.provider == side.name}
    assert inside == set(parts(side)["DatabaseCluster"])
    assert {each.provider for each in made.objects} == {side.name, MANAGEMENT}
    kubeconfigs = {each.name: each.item["kubeconfig"] for each in made.of("pulumi:providers:kubernetes")}
    # Another password is the same Secret, not one that is deleted before the other is made.
    assert {each.item["enableSecretMutable"] for each in made.of("pulumi:providers:kubernetes")} == {"true"}
    assert kubeconfigs == {MANAGEMENT: MANAGEMENT_KUBECONFIG, side.name: up(side.name).kubeconfigs[side.name]}


@OURS
def test_a_cluster_is_made_after_its_class_and_its_secrets(side: Side, runs: Mapping[str, Run]) -> None:
    made = runs[side.name]
    assert made.before(made.one(CLUSTER)) >= {*parts(side)["ClusterClass"], *parts(side)[""]}


@OURS
def test_each_object_waits_for_what_it_needs(side: Side, runs: Mapping[str, Run]) -> None:
    made = runs[side.name]
    for step in STEPS:
        (carrier,) = [each for each in made.objects if each.name.endswith(step) and "ResourceSet" in each.kind]
        assert f"core/v1:Secret {side.name}/bootstrap-{step}" in made.before(carrier)
    for deployment in made.of("apps/v1:Deployment"):
        assert made.before(deployment) >= {*autoscaler(side)} - {str(deployment)}
    postgres = made.one(POSTGRES)
    first_of_all = {name for name in parts(side)["DatabaseCluster"] if "Secret" in name or "ObjectStore" in name}
    assert made.before(postgres) >= first_of_all
    # It remembers that it has a database.
    for each in made.objects:
        assert each.provider == MANAGEMENT or str(made.one(CLUSTER)) in made.before(each)
    for kind in ("Database", "Pooler", "ScheduledBackup"):
        for each in made.of(f"postgresql.cnpg.io/v1:{kind}"):
            assert str(postgres) in made.before(each)


@OURS
def test_others_learn_of_a_cluster_how_it_and_its_databases_are_reached(side: Side, runs: Mapping[str, Run]) -> None:
    pooler = side.environment.database.pooler
    assert runs[side.name].outputs == {
        "inputs": side.inputs(),
        "kubernetes": side.pair.kubernetes,
        "endpoint": "https://10.0.0.7:6443",
        "kubeconfig": f"{side.name}/{side.name}-kubeconfig",
        "database": "postgres-pooler.databases" if pooler else "postgres-rw.databases",
        "databaseSecrets": {name: f"databases/{name}" for name in SERVED} if side.role == "apps" else {},
    }


@pytest.mark.parametrize("stack", STACKS)
def test_a_second_run_asks_for_the_same(stack: str, runs: Mapping[str, Run]) -> None:
    def asked(made: Run) -> dict[str, tuple[Any, ...]]:
        return {
            each.urn: (each.item, each.kept, each.provider, sorted(each.request.dependencies), each.request.deletedWith)
            for each in made.registered
        }

    assert asked(run(stack)) == asked(runs[stack])


@pytest.mark.parametrize("stack", STACKS)
def test_what_a_stack_says_has_no_warning(stack: str, runs: Mapping[str, Run]) -> None:
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
def test_a_stack_that_is_none_is_answered_with_those_that_are(stack: str) -> None:
    known = ", ".join([MANAGEMENT, *(side.name for side in SIDES)])
    with pytest.raises(Problem) as refused:
        side_of(stack, ENVIRONMENTS)
    assert refused.value.sentences == (f"there is no stack {stack!r}; there are {known}",)


def test_an_environment_without_a_pair_has_no_stack() -> None:
    made = run(OPS, Kubectl(), changed(APPS, pair=None), ops={})
    name = APPS.environment.name
    said = f"envs/{name}.py: has no pair, so that stacks/ makes nothing of it; give it a Pair(…)"
    assert (made.refused, made.registered) == ((said,), [])


def test_a_zone_that_the_infrastructure_does_not_have_is_refused_before_anything_is_made() -> None:
    infrastructure = next(
        name for name in sorted(file.stem for file in FOLDER.glob("*.yaml")) if load(name).words.zones
    )
    made = run(OPS, environments=changed(APPS, pair__infrastructure=infrastructure, zones=("a", "nowhere")))
    assert made.refused[0].startswith(f"{infrastructure} has no zone 'nowhere'; ")
    assert made.registered == []


def test_a_cluster_whose_manifests_are_not_in_git_is_refused_before_anything_is_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("stacks.bootstrap.ROOT", tmp_path)
    made = run(OPS)
    file = f"manifests/{OPS}/platform/namespaces/namespace-flux-system.yaml"
    assert (ROOT / file).is_file()
    assert made.refused == (f"{file}: is missing, and a new cluster begins with it; run `make synth`",)
    assert made.registered == []
