"""Registers Kubernetes objects that are written as plain data, as in a manifest."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import pulumi
import pulumi_kubernetes as kubernetes

from constructs_lib.values import Problem
from constructs_lib.values.data import Object

from .policies import OF_AN_OBJECT, RegisteredObject, violations

_TYPED: Mapping[tuple[str, str], Callable[..., pulumi.CustomResource]] = {
    ("v1", "Namespace"): kubernetes.core.v1.Namespace,
    ("v1", "ResourceQuota"): kubernetes.core.v1.ResourceQuota,
    ("v1", "Secret"): kubernetes.core.v1.Secret,
    ("v1", "ServiceAccount"): kubernetes.core.v1.ServiceAccount,
    ("apps/v1", "Deployment"): kubernetes.apps.v1.Deployment,
    ("rbac.authorization.k8s.io/v1", "ClusterRole"): kubernetes.rbac.v1.ClusterRole,
    ("rbac.authorization.k8s.io/v1", "Role"): kubernetes.rbac.v1.Role,
    ("rbac.authorization.k8s.io/v1", "RoleBinding"): kubernetes.rbac.v1.RoleBinding,
    ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"): (
        kubernetes.admissionregistration.v1.ValidatingAdmissionPolicy
    ),
    ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding"): (
        kubernetes.admissionregistration.v1.ValidatingAdmissionPolicyBinding
    ),
}
# Server-side apply takes back our fields if somebody changed them by hand.
_ALWAYS = {"pulumi.com/patchForce": "true"}
# Pulumi would wait for the pods, and these wait for the new cluster.
_AT_ONCE = {"Deployment": {"pulumi.com/skipAwait": "true"}}


def options(
    parent: pulumi.Resource,
    protected: bool = False,
    depends_on: Sequence[pulumi.Resource] = (),
    deleted_with: pulumi.Resource | None = None,
) -> pulumi.ResourceOptions:
    """Options of a resource. Pulumi neither deletes nor replaces a protected one, and keeps it when the stack goes."""
    return pulumi.ResourceOptions(
        parent=parent, protect=protected, retain_on_delete=protected, depends_on=depends_on, deleted_with=deleted_with
    )


def register(item: Object, opts: pulumi.ResourceOptions) -> pulumi.CustomResource:
    """Registers one object. Its name in the stack is its name in the cluster, so every run finds the same one.

    Raises Problem if it violates a policy.
    """
    kept = bool(opts.protect and opts.retain_on_delete)
    if broken := violations([RegisteredObject(item, kept)], OF_AN_OBJECT):
        raise Problem(*broken)
    meta = dict(item["metadata"])
    meta["annotations"] = {**meta.get("annotations", {}), **_ALWAYS, **_AT_ONCE.get(item["kind"], {})}
    name = "/".join(part for part in (meta.get("namespace"), meta["name"]) if part)
    body = {key: value for key, value in item.items() if key not in ("apiVersion", "kind", "metadata")}
    typed = _TYPED.get((item["apiVersion"], item["kind"]))
    if typed:
        return typed(name, metadata=meta, opts=opts, **{_snake(key): value for key, value in body.items()})
    return kubernetes.apiextensions.CustomResource(
        name, api_version=item["apiVersion"], kind=item["kind"], metadata=meta, opts=opts, **body
    )


def _snake(key: str) -> str:
    return re.sub(r"([A-Z])", lambda found: f"_{found[1].lower()}", key)
