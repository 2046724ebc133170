"""Fleet rules: what must be true of a cluster's rendered objects, each said by one function.

A rule takes the objects and yields the subject of each finding, and what is wrong with it, with the remedy. Its id is
its function's name. Rules over one unit run where the unit is rendered; those over a cluster run on all facts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from ..values.environment import Environment, Role
from . import (
    backends,
    capacity,
    dependencies,
    images,
    names,
    network,
    ownership,
    patches,
    plain_secrets,
    probes,
    references,
    resources,
    scaling,
    security,
    shapes,
    shutdown,
    traffic,
)
from .cluster import ClusterIndex
from .exemptions import accepted
from .facts import Facts, Finding
from .index import Found, Index

T = TypeVar("T")

UNIT_RULES: tuple[Callable[[Index], Found], ...] = (
    images.image_by_digest,
    images.never_latest,
    images.chart_by_digest,
    resources.resources_are_given,
    resources.requests_within_limits,
    shutdown.shutdown_fits,
    probes.probes_differ,
    probes.probe_port_exists,
    security.runs_as_nobody,
    security.root_file_system_is_read_only,
    security.no_privileges,
    security.no_host_access,
    security.token_only_with_permissions,
    plain_secrets.no_plain_secrets,
    plain_secrets.no_secret_objects,
    names.legal_names,
    names.legal_labels,
    names.no_cluster_scope,
    names.carries_its_service,
    scaling.replicas_or_autoscaler,
    scaling.autoscaler_fits,
    scaling.budget_fits,
)
CLUSTER_RULES: tuple[Callable[[ClusterIndex], Found], ...] = (
    traffic.route_has_listener,
    traffic.backend_exists,
    traffic.weights_sum_to_100,
    traffic.claims_are_distinct,
    traffic.host_has_one_kind,
    traffic.alias_leads_to_its_route,
    backends.service_has_pods,
    backends.service_port_exists,
    backends.service_has_one_slot,
    backends.headless_service_exists,
    backends.selector_is_its_own,
    backends.monitor_has_targets,
    references.config_exists,
    references.secret_exists,
    references.account_exists,
    references.volume_exists,
    references.priority_exists,
    references.store_exists,
    references.namespace_exists,
    references.policy_has_target,
    network.gateway_reaches_backends,
    network.callers_reach_gateway,
    network.only_callers_reach_gateway,
    network.callers_reach_dependencies,
    network.prometheus_reaches_metrics,
    network.pods_reach_dns,
    network.pods_reach_their_database,
    network.pods_are_closed,
    network.policy_selects_pods,
    dependencies.dependency_runs,
    dependencies.no_circles,
    dependencies.not_upward,
    ownership.database_has_one_owner,
    ownership.secret_has_one_owner,
    ownership.claim_has_one_owner,
    ownership.account_has_one_owner,
    ownership.object_has_one_folder,
    capacity.quota_fits_two_sets,
    patches.patch_fits,
)


def rule_id(rule: Callable[..., Found]) -> str:
    """The name by which a finding, an exemption and the documentation call a rule."""
    return rule.__name__.replace("_", "-")


WELL_FORMED = rule_id(shapes.well_formed)
RULES = (WELL_FORMED, *(rule_id(rule) for rule in (*UNIT_RULES, *CLUSTER_RULES)))
"""The ids of all rules that look at objects."""


def unit_findings(facts: Facts) -> list[Finding]:
    """What the objects of one unit say by themselves. Where one is malformed, only that: others could not read it."""
    index = Index(facts)
    return list(_run([shapes.well_formed], index)) or list(_run(UNIT_RULES, index))


def cluster_findings(facts: Facts, environment: Environment, role: Role) -> list[Finding]:
    """What all rules say of a cluster, but for what the environment accepts."""
    if malformed := [each for each in facts.findings if each.rule == WELL_FORMED]:
        return malformed
    cluster = ClusterIndex(facts)
    found = [*facts.findings, *_run(CLUSTER_RULES, cluster)]
    return accepted(list(dict.fromkeys(found)), environment, role, cluster.declared, RULES)


def _run(rules: Iterable[Callable[[T], Found]], about: T) -> Iterator[Finding]:
    for rule in rules:
        for subject, sentence in rule(about):
            yield Finding(rule_id(rule), subject, f"{subject}: {sentence}")


__all__ = ["CLUSTER_RULES", "RULES", "UNIT_RULES", "cluster_findings", "rule_id", "unit_findings"]
