"""All fleet rules, in the order of their findings. A rule's id is its function's name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
from .rule import ForEach, Found, Over
from .unit import UnitView

UNIT_RULES: tuple[Callable[[UnitView], Found], ...] = (
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
CLUSTER_RULES: tuple[ForEach[tuple[str, str]] | Over[Any], ...] = (
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


def rule_id(rule: Callable[..., Found] | ForEach[Any] | Over[Any]) -> str:
    """The name by which a finding, an exemption and the documentation call a rule."""
    return rule.__name__.replace("_", "-")


WELL_FORMED = rule_id(shapes.well_formed)
RULES = (WELL_FORMED, *(rule_id(rule) for rule in (*UNIT_RULES, *CLUSTER_RULES)))
"""The ids of all rules that look at objects."""
