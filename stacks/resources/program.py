"""The resources of each stack: a cluster of a pair with its database, or the management cluster's own platform."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping

import pulumi
import pulumi_kubernetes as kubernetes

from constructs_lib import Environment
from constructs_lib.parts.names import DATABASES
from constructs_lib.values import Problem, Service
from constructs_lib.values.data import Json, Object
from constructs_lib.values.environment import ROLES

from . import preconditions, settings
from .autoscaler import Autoscaler
from .bootstrap import Bootstrap, ResourceSet, resource_sets
from .cluster import ClusterClass, WorkloadCluster, topology
from .cluster_spec import ClusterSpec, pair_of
from .database import DatabaseCluster
from .infrastructure import IMAGE_PULL, IMAGE_PULL_KEY, load
from .management import ManagementPlatform
from .objects import register
from .observed import ManagementCluster
from .settings import MANAGEMENT, ManagementSettings, PairSettings

Outputs = Json


def cluster_spec_of(stack: str, environments: Mapping[str, Environment]) -> ClusterSpec:
    """The cluster that a stack is named after. Raises Problem if there is no such stack."""
    name, _, role = stack.rpartition("-")
    if name not in environments or role not in ROLES:
        known = [f"{each}-{role}" for each, env in environments.items() if env.pair for role in ROLES]
        raise Problem(f"there is no stack {stack!r}; the stacks are {', '.join([MANAGEMENT, *known])}")
    environment = environments[name]
    return ClusterSpec(environment, role, load(pair_of(environment).infrastructure))


async def run(
    stack: str,
    environments: Mapping[str, Environment],
    services: Mapping[str, Service],
    here: Callable[[], ManagementCluster] = ManagementCluster.here,
) -> Outputs:
    """Registers the resources of a stack, and returns its outputs. Raises Problem before anything is registered."""
    if stack == MANAGEMENT:
        return _management(settings.read(ManagementSettings, stack), environments, here())
    cluster_spec = cluster_spec_of(stack, environments)
    given = settings.read(PairSettings, stack)
    settings.check(given, cluster_spec.environment, stack)
    return await _pair_cluster(cluster_spec, given, services if cluster_spec.role == "apps" else {}, here())


def _management(given: ManagementSettings, environments: Mapping[str, Environment], seen: ManagementCluster) -> Outputs:
    if unknown := [name for name in given.access if name not in environments]:
        raise Problem(
            f"stacks/Pulumi.{MANAGEMENT}.yaml: access names {unknown[0]!r}, but there is no such environment; the "
            f"environments are {', '.join(environments)}"
        )
    with_pair = [each for each in environments.values() if each.pair]
    made = ManagementPlatform(with_pair, given, _in(_provider(MANAGEMENT, seen.kubeconfig)))
    return {"namespaces": made.namespaces}


async def _pair_cluster(
    cluster_spec: ClusterSpec, given: PairSettings, services: Mapping[str, Service], seen: ManagementCluster
) -> Outputs:
    # Every check comes first: an error after a registration does not undo it.
    if cluster_spec.role == "apps":
        await preconditions.check_ops(cluster_spec, seen)
    preconditions.check_namespace(cluster_spec, seen)
    found = seen.cluster(cluster_spec.name)
    waiting, kubeconfig = preconditions.reach(cluster_spec, given, seen, found)
    preconditions.check_restore(cluster_spec, given, found)
    starts_with = resource_sets(cluster_spec, given)
    topology(cluster_spec)

    remembered = preconditions.remembered(given, kubeconfig is not None)
    in_management = _in(_provider(MANAGEMENT, seen.kubeconfig))
    cluster = _cluster(cluster_spec, given, starts_with, remembered, in_management)
    outputs = {
        "inputs": cluster_spec.inputs(),
        "kubernetes": cluster_spec.pair.kubernetes,
        "endpoint": _endpoint(found),
        "kubeconfig": f"{cluster_spec.name}/{cluster_spec.name}-kubeconfig",
    }
    if kubeconfig is None:
        pulumi.log.warn(f"{waiting}, so its database was left out; run this again later")
        return {**outputs, "waiting": waiting}
    in_cluster = _in(_provider(cluster_spec.name, kubeconfig))
    database = DatabaseCluster(cluster_spec, services, given, cluster.object, in_cluster)
    return {**outputs, "database": f"{database.host}.{DATABASES}", "databaseSecrets": database.secrets}


def _cluster(
    cluster_spec: ClusterSpec,
    given: PairSettings,
    starts_with: list[ResourceSet],
    remembered: Mapping[str, str],
    options: pulumi.ResourceOptions,
) -> WorkloadCluster:
    secrets = [register(item, options) for item in _secrets(cluster_spec, given)]
    in_class = ClusterClass(cluster_spec, options)
    after = pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=secrets))
    cluster = WorkloadCluster(cluster_spec, in_class, remembered, after)
    Bootstrap(cluster_spec, starts_with, options)
    if any(pool.min < pool.max for pool in cluster_spec.pools):
        Autoscaler(cluster_spec, options)
    return cluster


def _endpoint(cluster: Object | None) -> str | None:
    found = (cluster or {}).get("spec", {}).get("controlPlaneEndpoint")
    return f"https://{found['host']}:{found['port']}" if found else None


def _secrets(cluster_spec: ClusterSpec, given: PairSettings) -> Iterator[Json]:
    """The Secrets that Cluster API needs before a machine becomes a node."""
    yield _secret(cluster_spec, IMAGE_PULL, {IMAGE_PULL_KEY: given.image_pull.get_secret_value()})
    if given.infrastructure_secret:
        content = json.loads(given.infrastructure_secret.get_secret_value())
        yield _secret(cluster_spec, cluster_spec.infrastructure.name, content)


def _secret(cluster_spec: ClusterSpec, name: str, texts: Mapping[str, str]) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": cluster_spec.name, "labels": cluster_spec.labels},
        "stringData": {key: pulumi.Output.secret(text) for key, text in texts.items()},
    }


def _provider(name: str, kubeconfig: str) -> kubernetes.Provider:
    # Without enable_secret_mutable, Pulumi would delete a Secret and make it again to change a password.
    return kubernetes.Provider(name, kubeconfig=pulumi.Output.secret(kubeconfig), enable_secret_mutable=True)


def _in(provider: kubernetes.Provider) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(provider=provider)
