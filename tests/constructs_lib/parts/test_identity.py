"""An account of its own for every service, and rights only where they were asked for."""

from __future__ import annotations

import pytest

from constructs_lib import Permission
from constructs_lib.testing import one, render
from tests.support.fleet import service, worker
from tests.support.rendered import ENV, names, pod

_ASKS = (
    Permission(resources=("configmaps",), verbs=("get", "watch")),
    Permission(resources=("leases",), verbs=("update",), api_groups=("coordination.k8s.io",), names=("leader",)),
)


@pytest.mark.parametrize(("permissions", "token"), [((), False), (_ASKS, True)], ids=["none asked", "asked"])
def test_a_token_is_mounted_only_where_permissions_were_asked(permissions: tuple[Permission, ...], token: bool) -> None:
    objects = render(service(permissions=permissions), ENV)
    spec = pod(objects)["spec"]
    assert spec["serviceAccountName"] == "greeter-blue"
    assert spec["automountServiceAccountToken"] is token
    assert one(objects, "ServiceAccount", "greeter-blue")["automountServiceAccountToken"] is False


def test_there_is_no_role_unless_asked() -> None:
    objects = render(worker(), ENV)
    assert names(objects, "Role") + names(objects, "RoleBinding") == []


def test_the_role_allows_what_was_asked_and_nothing_else() -> None:
    assert one(render(service(permissions=_ASKS), ENV), "Role", "greeter-blue")["rules"] == [
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "watch"]},
        {
            "apiGroups": ["coordination.k8s.io"],
            "resources": ["leases"],
            "verbs": ["update"],
            "resourceNames": ["leader"],
        },
    ]


def test_the_role_is_bound_to_the_own_account_in_the_own_namespace() -> None:
    binding = one(render(service(permissions=_ASKS), ENV), "RoleBinding", "greeter-blue")
    assert binding["roleRef"] == {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "greeter-blue"}
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "greeter-blue", "namespace": "apps"}]


def test_a_new_version_gets_its_rights_without_the_old_one_getting_them() -> None:
    objects = render(service(), ENV, candidate=service(permissions=_ASKS), share=10)
    assert names(objects, "ServiceAccount") == ["greeter-blue", "greeter-green"]
    assert names(objects, "Role") == ["greeter-green"]
    assert pod(objects, "greeter-blue")["spec"]["automountServiceAccountToken"] is False
