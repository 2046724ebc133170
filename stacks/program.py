"""What a stack is made of: the pair's two sides from one definition, and the management cluster's own platform."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import pulumi
import pulumi_kubernetes as kubernetes

from constructs_lib import Environment, Role
from constructs_lib.parts.names import DATABASES
from constructs_lib.values import Problem, Service

from . import bootstrap, management, settings
from .autoscaler import Autoscaler
from .cluster import Cluster, ClusterClass, topology
from .database import DatabaseCluster
from .infrastructure import IMAGE_PULL, IMAGE_PULL_KEY, load
from .objects import register
from .observed import Json, Management, initialized, missing, unhealthy
from .settings import MANAGEMENT, PROJECT, ManagementSettings, PairSettings
from .side import DATABASE, INPUTS, RESTORED, UNPROTECTED, Side, freed, pair_of

Outputs = Mapping[str, Any]


def side_of(stack: str, environments: Mapping[str, Environment]) -> Side:
    """The cluster that a stack is named after. Raises Problem for a name that is none."""
    name, _, role = stack.rpartition("-")
    if name not in environments or role not in ("ops", "apps"):
        known = [f"{each}-{role}" for each, env in environments.items() if env.pair for role in ("ops", "apps")]
        raise Problem(f"there is no stack {stack!r}; there are {', '.join([MANAGEMENT, *known])}")
    environment = environments[name]
    return Side(environment, cast("Role", role), load(pair_of(environment).infrastructure))


async def run(
    stack: str,
    environments: Mapping[str, Environment],
    services: Mapping[str, Service],
    here: Callable[[], Management] = Management.here,
) -> Outputs:
    """Registers the resources of a stack; its outputs. Raises Problem before anything is registered."""
    if stack == MANAGEMENT:
        return _management(settings.read(ManagementSettings, stack), environments, here())
    side = side_of(stack, environments)
    told = settings.read(PairSettings, stack)
    settings.check(told, side.environment, stack)
    return await _side(side, told, services if side.role == "apps" else {}, here())


def _management(told: ManagementSettings, environments: Mapping[str, Environment], seen: Management) -> Outputs:
    if unknown := [name for name in told.access if name not in environments]:
        raise Problem(
            f"stacks/Pulumi.{MANAGEMENT}.yaml: access names {unknown[0]!r}, which is no environment; "
            f"there are {', '.join(environments)}"
        )
    with_pair = [each for each in environments.values() if each.pair]
    made = management.Management(with_pair, told, _in(_provider(MANAGEMENT, seen.kubeconfig)))
    return {"namespaces": made.namespaces}


async def _side(side: Side, told: PairSettings, services: Mapping[str, Service], seen: Management) -> Outputs:
    # All that can be refused comes first: what is registered is registered, whatever is raised after it.
    if side.role == "apps":
        await _refuse_unless_ops_is_healthy(side, seen)
    if not seen.has_namespace(side.name):
        _refuse(f"the management cluster has no namespace {side.name}; bring it up first (`pulumi up -s {MANAGEMENT}`)")
    found = seen.cluster(side.name)
    waiting, kubeconfig = _reach(side, told, seen, found)
    _refuse_to_replace_what_is_protected(side, told, found)
    begins_with = bootstrap.carried(side, told)
    topology(side)

    remembered = _remembered(told, kubeconfig is not None)
    cluster = _cluster(side, told, begins_with, remembered, _in(_provider(MANAGEMENT, seen.kubeconfig)))
    outputs = {
        "inputs": side.inputs(),
        "kubernetes": side.pair.kubernetes,
        "endpoint": _endpoint(found),
        "kubeconfig": f"{side.name}/{side.name}-kubeconfig",
    }
    if kubeconfig is None:
        pulumi.log.warn(f"{waiting}: its database waits for it; run this again later")
        return {**outputs, "waiting": waiting}
    database = DatabaseCluster(side, services, told, cluster.object, _in(_provider(side.name, kubeconfig)))
    return {**outputs, "database": f"{database.host}.{DATABASES}", "databaseSecrets": database.secrets}


def _cluster(
    side: Side,
    told: PairSettings,
    begins_with: list[bootstrap.Carried],
    remembered: Mapping[str, str],
    options: pulumi.ResourceOptions,
) -> Cluster:
    secrets = [register(item, options) for item in _secrets(side, told)]
    in_class = ClusterClass(side, options)
    after = pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=secrets))
    cluster = Cluster(side, in_class, remembered, after)
    bootstrap.Bootstrap(side, begins_with, options)
    if any(pool.min < pool.max for pool in side.pools):
        Autoscaler(side, options)
    return cluster


async def _refuse_unless_ops_is_healthy(side: Side, seen: Management) -> None:
    """Raises Problem unless the ops cluster was made from the same inputs, and is Available with them.

    A preview only warns: it changes nothing, and shows both clusters of a pair that does not exist yet.
    """
    ops = side.environment.cluster_name("ops")
    cluster = seen.cluster(ops)
    given = _annotations(cluster).get(INPUTS)
    if cluster:
        # What the stack answers for: its outputs are written only when all of it was applied.
        reference = pulumi.StackReference(f"{pulumi.get_organization()}/{PROJECT}/{ops}")
        given = (await reference.get_output_details("inputs")).value
    reason = unhealthy(cluster, ops)
    if given != side.inputs():
        was = f"was made from other inputs ({given})" if given else "was not made yet"
        reason = f"{ops} {was}, and not from these ({side.inputs()})"
    if reason:
        _refuse(f"{side.name} stays as it is: {reason}; bring {ops} up first (`pulumi up -s {ops}`)")


def _refuse_to_replace_what_is_protected(side: Side, told: PairSettings, cluster: Json | None) -> None:
    """Raises Problem for another restore of a protected database that was not set free by a run before.

    Pulumi itself would replace what is set free in the same run.
    """
    before = _annotations(cluster)
    another = DATABASE in before and before.get(RESTORED, "") != str(told.restore or "")
    if side.pair.protected and another and "database" not in freed(before):
        raise Problem(
            f"the database of {side.name} is protected, and another desired:restore makes it anew; add 'database' to "
            f"desired:unprotected and run `pulumi up -s {side.name}`, and restore it then"
        )


def _remembered(told: PairSettings, has_database: bool) -> dict[str, str]:
    """What the next run reads off the Cluster."""
    said = {
        UNPROTECTED: ",".join(sorted(told.unprotected)),
        DATABASE: "true" if has_database else "",
        RESTORED: str(told.restore or ""),
    }
    return {name: value for name, value in said.items() if value}


def _annotations(cluster: Json | None) -> Mapping[str, str]:
    found: Mapping[str, str] = (cluster or {}).get("metadata", {}).get("annotations", {})
    return found


def _refuse(said: str) -> None:
    if not pulumi.runtime.is_dry_run():
        raise Problem(said)
    pulumi.log.warn(said)


def _reach(side: Side, told: PairSettings, seen: Management, cluster: Json | None) -> tuple[str | None, str | None]:
    """What the cluster's own API is waited for, in words, or the kubeconfig with which it is ready for its database.

    Raises Problem when it had its database and is not ready now: a database is never left out for that.
    """
    waiting, kubeconfig = None, None
    if not initialized(cluster):
        waiting = f"{side.name} does not answer yet"
    else:
        kubeconfig = told.kubeconfig.get_secret_value() if told.kubeconfig else seen.kubeconfig_of(side.name)
        archives = side.environment.database.backups is not None
        waiting = missing(kubeconfig, side.name, archives) if kubeconfig else f"{side.name} has no kubeconfig yet"
    if waiting and DATABASE in _annotations(cluster):
        raise Problem(f"{waiting}, although it had its database; nothing was changed, mend that and run this again")
    return waiting, None if waiting else kubeconfig


def _endpoint(cluster: Mapping[str, Any] | None) -> str | None:
    found = (cluster or {}).get("spec", {}).get("controlPlaneEndpoint")
    return f"https://{found['host']}:{found['port']}" if found else None


def _secrets(side: Side, told: PairSettings) -> Iterator[dict[str, Any]]:
    """What machines read before they are nodes."""
    yield _secret(side, IMAGE_PULL, {IMAGE_PULL_KEY: told.image_pull.get_secret_value()})
    if told.infrastructure_secret:
        yield _secret(side, side.infrastructure.name, json.loads(told.infrastructure_secret.get_secret_value()))


def _secret(side: Side, name: str, texts: Mapping[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": side.name, "labels": side.labels},
        "stringData": {key: pulumi.Output.secret(text) for key, text in texts.items()},
    }


def _provider(name: str, kubeconfig: str) -> kubernetes.Provider:
    # Without it another password would be another Secret of the same name, deleted before it is made.
    return kubernetes.Provider(name, kubeconfig=pulumi.Output.secret(kubeconfig), enable_secret_mutable=True)


def _in(provider: kubernetes.Provider) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(provider=provider)
