"""The management cluster's own platform: a namespace and access rights for each cluster, and admission policies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pulumi

from constructs_lib import Environment, Role
from constructs_lib.parts.names import PREFIX
from constructs_lib.values.data import Object
from constructs_lib.values.environment import ROLES

from .cluster_spec import OWNER_LABEL, PROTECTED_LABEL, UNPROTECTED, labels, pair_of
from .objects import options, register
from .settings import Access, ManagementSettings

_RBAC = "rbac.authorization.k8s.io"
_ADMISSION = "admissionregistration.k8s.io/v1"
_GROUPS = [f"{group}cluster.x-k8s.io" for group in ("", "addons.", "bootstrap.", "controlplane.", "infrastructure.")]
_READ = ["get", "list", "watch"]
_RULES: Mapping[Access, list[Object]] = {
    "view": [{"apiGroups": _GROUPS, "resources": ["*"], "verbs": _READ}],
    # Cluster API makes a deleted machine again: this is how you replace a broken node.
    "operate": [
        {"apiGroups": _GROUPS, "resources": ["*"], "verbs": _READ},
        {"apiGroups": ["cluster.x-k8s.io"], "resources": ["machines"], "verbs": ["delete", "patch"]},
    ],
    "administer": [
        {"apiGroups": [*_GROUPS, "apps", f"{_RBAC}"], "resources": ["*"], "verbs": ["*"]},
        {"apiGroups": [""], "resources": ["secrets", "serviceaccounts", "events"], "verbs": ["*"]},
    ],
}


class ManagementPlatform(pulumi.ComponentResource):
    """Namespaces, access rights and admission policies for the clusters of all environments."""

    def __init__(
        self, environments: list[Environment], settings: ManagementSettings, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("desired:stacks:Management", "management", None, opts)
        own = options(self)
        ours = {"app.kubernetes.io/managed-by": "desired", OWNER_LABEL: settings.owner}
        roles = [register(_role(access, rules, ours), own) for access, rules in _RULES.items()]
        for item in _policies(ours):
            register(item, own)
        for environment in environments:
            for role in ROLES:
                self._namespace(environment, role, settings, roles)
        self.namespaces = [each.cluster_name(role) for each in environments for role in ROLES]
        self.register_outputs({"namespaces": self.namespaces})

    def _namespace(
        self, environment: Environment, role: Role, settings: ManagementSettings, roles: list[pulumi.CustomResource]
    ) -> None:
        namespace = register(_namespace(environment, role), options(self, pair_of(environment).protected))
        inside = options(self, depends_on=[namespace, *roles])
        register(_one_cluster(environment, role), inside)
        for access, groups in settings.access.get(environment.name, {}).items():
            register(_binding(environment, role, access, groups), inside)


def _namespace(environment: Environment, role: Role) -> Object:
    levels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn", "audit")}
    meta = {"name": environment.cluster_name(role), "labels": {**labels(environment, role), **levels}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": meta}


def _one_cluster(environment: Environment, role: Role) -> Object:
    name = environment.cluster_name(role)
    meta = {"name": "one-cluster", "namespace": name, "labels": labels(environment, role)}
    hard = {"count/clusters.cluster.x-k8s.io": "1"}
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta, "spec": {"hard": hard}}


def _role(access: Access, rules: list[Object], ours: Mapping[str, str]) -> Object:
    meta = {"name": f"desired-{access}", "labels": ours}
    return {"apiVersion": f"{_RBAC}/v1", "kind": "ClusterRole", "metadata": meta, "rules": rules}


def _binding(environment: Environment, role: Role, access: Access, groups: tuple[str, ...]) -> Object:
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": {
            "name": f"desired-{access}",
            "namespace": environment.cluster_name(role),
            "labels": labels(environment, role),
        },
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": f"desired-{access}"},
        "subjects": [{"apiGroup": _RBAC, "kind": "Group", "name": group} for group in groups],
    }


def _policies(ours: Mapping[str, str]) -> Iterator[Object]:
    """The admission policies: the API server applies them to every request."""
    protected = {"matchLabels": {PROTECTED_LABEL: "true"}}
    allowed = f"'cluster' in oldObject.metadata.?annotations['{UNPROTECTED}'].orValue('').split(',')"
    refusal = (
        "this cluster is protected: add 'cluster' to desired:unprotected of its stack, run `pulumi up`, then delete it"
    )
    yield from _policy({"name": f"protected-clusters.{PREFIX}", "labels": ours}, "DELETE", protected, allowed, refusal)
    ours_only = {"matchExpressions": [{"key": OWNER_LABEL, "operator": "Exists"}]}
    owned = f"object.metadata.?labels['{OWNER_LABEL}'].orValue('') != ''"
    refusal = f"a Cluster needs an owner: add the label {OWNER_LABEL}"
    yield from _policy({"name": f"owned-clusters.{PREFIX}", "labels": ours}, "CREATE", ours_only, owned, refusal)


def _policy(meta: Object, operation: str, where: Object, allowed: str, refusal: str) -> Iterator[Object]:
    rule = {
        "apiGroups": ["cluster.x-k8s.io"],
        "apiVersions": ["*"],
        "resources": ["clusters"],
        "operations": [operation],
    }
    yield {
        "apiVersion": _ADMISSION,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": meta,
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [rule], "namespaceSelector": where},
            "validations": [{"expression": allowed, "message": refusal}],
        },
    }
    yield {
        "apiVersion": _ADMISSION,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": meta,
        "spec": {"policyName": meta["name"], "validationActions": ["Deny"]},
    }
