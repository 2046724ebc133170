"""Creates the ServiceAccount of a service and its permissions."""

from __future__ import annotations

from constructs import Construct

from ..kubernetes import PolicyRule, RoleRef, Subject
from ..values import Permission
from ..values.resolved_service import ResolvedService
from .labels import meta
from .names import slot_name
from .objects import Manifest


def identity(scope: Construct, resolved: ResolvedService, slot: str) -> None:
    """Add a ServiceAccount, and a Role with its binding if the service has permissions."""
    about = meta(resolved, slot_name(resolved.service.name, slot), slot)
    Manifest(scope, "v1", "ServiceAccount", about, automountServiceAccountToken=False)
    if not resolved.service.permissions:
        return
    rules = [_rule(each) for each in resolved.service.permissions]
    Manifest(scope, "rbac.authorization.k8s.io/v1", "Role", about, rules=rules)
    Manifest(
        scope,
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        about,
        roleRef=RoleRef(apiGroup="rbac.authorization.k8s.io", kind="Role", name=about.name),
        subjects=[Subject(kind="ServiceAccount", name=about.name, namespace=resolved.placement.namespace)],
    )


def _rule(permission: Permission) -> PolicyRule:
    rule = PolicyRule(apiGroups=permission.api_groups)
    if permission.names:
        rule["resourceNames"] = permission.names
    return {**rule, "resources": permission.resources, "verbs": permission.verbs}
