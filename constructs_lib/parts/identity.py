"""The account that a service runs as, and what that account may do."""

from __future__ import annotations

from cdk8s_plus_27 import k8s
from constructs import Construct

from ..values.resolved_service import ResolvedService
from .labels import meta
from .names import slot_name


def identity(scope: Construct, resolved: ResolvedService, slot: str) -> None:
    """A ServiceAccount of its own and, when asked, a Role and its binding."""
    about = meta(resolved, slot_name(resolved.service.name, slot), slot)
    k8s.KubeServiceAccount(
        scope,
        f"ServiceAccount-{about.name}",
        metadata=about.typed(),
        automount_service_account_token=False,
    )
    if not resolved.service.permissions:
        return
    rules = [
        k8s.PolicyRule(
            api_groups=list(each.api_groups),
            resources=list(each.resources),
            verbs=list(each.verbs),
            resource_names=list(each.names) or None,
        )
        for each in resolved.service.permissions
    ]
    k8s.KubeRole(scope, f"Role-{about.name}", metadata=about.typed(), rules=rules)
    k8s.KubeRoleBinding(
        scope,
        f"RoleBinding-{about.name}",
        metadata=about.typed(),
        role_ref=k8s.RoleRef(api_group="rbac.authorization.k8s.io", kind="Role", name=about.name),
        subjects=[k8s.Subject(kind="ServiceAccount", name=about.name, namespace=about.namespace)],
    )
