"""Our stacks, each run as Pulumi does but without an engine and without clusters."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from unittest.mock import patch

import yaml

from constructs_lib import Environment, Role
from constructs_lib.values import Service
from desired.render.fleet import load_environments, load_services
from stacks.resources import observed
from stacks.resources.cluster_spec import HERE, ClusterSpec
from stacks.resources.program import cluster_spec_of
from stacks.resources.program import run as program
from stacks.resources.settings import MANAGEMENT, PROJECT, PairSettings
from tests.support.kubectl import Kubectl
from tests.support.recording import Run, record

ENVIRONMENTS = load_environments("envs")
SERVICES = load_services("apps")
WITH_PAIR = [each for each in ENVIRONMENTS.values() if each.pair]
CLUSTER_SPECS = [
    cluster_spec_of(each.cluster_name(role), ENVIRONMENTS) for each in WITH_PAIR for role in ("ops", "apps")
]
STACKS = [*(cluster_spec.name for cluster_spec in CLUSTER_SPECS), MANAGEMENT]
SECRETS = {
    key: '{"clouds.yaml": "planted-infrastructure"}' if key == "infrastructureSecret" else f"planted-{key}"
    for name, field in PairSettings.model_fields.items()
    if "SecretStr" in str(field.annotation) and (key := field.alias or name) != "kubeconfig"
}
"""A text for every secret setting but the kubeconfig, by which it is found again wherever it comes to stand."""


def run(
    stack: str,
    kubectl: Kubectl | None = None,
    environments: Mapping[str, Environment] = ENVIRONMENTS,
    services: Mapping[str, Service] = SERVICES,
    config: Mapping[str, str | None] | None = None,
    ops: Mapping[str, Any] | None = None,
    preview: bool = False,
    known: bool = True,
) -> Run:
    """Runs a stack with the committed settings and a text for every secret.

    `config` changes settings, and takes away those that are None; `ops` are the outputs of the ops stack, if that is
    known. When nothing is said of them, the clusters are up, and ops was made from the same inputs.
    """
    committed = settings_of(stack)
    given = {**committed, **({} if stack == MANAGEMENT else SECRETS), **(config or {})}
    texts = {key: text for key, text in given.items() if text is not None}
    if kubectl is None:
        kubectl = up(stack, environments)
    if ops is None and stack != MANAGEMENT:
        ops = {"inputs": cluster_spec_of(stack, environments).inputs()}
    name = f"organization/{PROJECT}/{stack.rpartition('-')[0]}-ops"
    with patch.object(observed, "_kubectl", kubectl):
        return record(
            lambda: program(stack, environments, services), stack, texts, tuple(committed),
            {name: ops or {}} if known else {}, preview,
        )  # fmt: skip


def up(stack: str, environments: Mapping[str, Environment] = ENVIRONMENTS) -> Kubectl:
    """A management cluster with both clusters of the pair that a stack belongs to."""
    kubectl = Kubectl()
    if stack != MANAGEMENT:
        cluster_spec = cluster_spec_of(stack, environments)
        for role in ("ops", "apps"):
            kubectl.made(cluster_spec.environment.cluster_name(role), cluster_spec.inputs())
    return kubectl


def settings_of(stack: str) -> dict[str, str]:
    """The committed settings as Pulumi hands them over."""
    file = HERE.parent / f"Pulumi.{stack}.yaml"
    config = yaml.safe_load(file.read_text(encoding="utf-8"))["config"] if file.exists() else {}
    return {
        key.removeprefix(f"{PROJECT}:"): value if isinstance(value, str) else json.dumps(value)
        for key, value in config.items()
    }


def changed(cluster_spec: ClusterSpec, **fields: Any) -> dict[str, Environment]:
    """All environments, with other fields in the one of a cluster; those of its pair and its database by their prefix.

    `pair__kubernetes="v1.37.0"` is another version of both clusters.
    """
    own = {name: value for name, value in fields.items() if "__" not in name}
    for part in ("pair", "database"):
        inner = {
            name.removeprefix(f"{part}__"): value for name, value in fields.items() if name.startswith(f"{part}__")
        }
        own |= {part: getattr(cluster_spec.environment, part).model_copy(update=inner)} if inner else {}
    return {**ENVIRONMENTS, cluster_spec.environment.name: cluster_spec.environment.model_copy(update=own)}


def first(role: Role, where: Callable[[ClusterSpec], object] = lambda _: True) -> ClusterSpec:
    """The first of our clusters of that role for which something holds."""
    return next(cluster_spec for cluster_spec in CLUSTER_SPECS if cluster_spec.role == role and where(cluster_spec))
