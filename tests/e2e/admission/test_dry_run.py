"""Every manifest as a server-side dry run, where namespaces enforce *restricted* and warn of it."""

from __future__ import annotations

import copy

import pytest

from testbed.api import ApiError, Ref, ServerAnswer
from tests.e2e.admission.running import Running

_MODES = ("enforce", "warn", "audit")


def test_every_manifest_is_accepted_without_a_warning(running: Running) -> None:
    assert running.tried.keys() == {path for path, _ in running.shipped}
    found = {path: _said(answer) for path, answer in running.tried.items()}
    assert {path: said for path, said in found.items() if said} == {}


def _said(answer: ServerAnswer | ApiError) -> list[str]:
    return [str(answer)] if isinstance(answer, ApiError) else answer.warnings


def test_every_namespace_of_a_manifest_enforces_and_warns_of_restricted(running: Running) -> None:
    used = {each["metadata"]["namespace"] for _, each in running.shipped if "namespace" in each["metadata"]}
    for name in used:
        namespace = running.api.get(Ref("v1", "Namespace", name))
        assert namespace
        modes = {mode: namespace["metadata"]["labels"].get(f"pod-security.kubernetes.io/{mode}") for mode in _MODES}
        assert modes == dict.fromkeys(_MODES, "restricted"), name


def test_a_deployment_that_is_not_restricted_is_warned_of_and_its_pod_refused(running: Running) -> None:
    """The control: the same namespaces and the same requests, and one field that is wrong."""
    deployment = copy.deepcopy(running.of("Deployment")[0][1])
    template = deployment["spec"]["template"]
    template["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True
    (warning,) = running.api.apply(deployment, dry_run=True).warnings
    assert "would violate PodSecurity" in warning
    meta = {**template["metadata"], "name": "unrestricted", "namespace": deployment["metadata"]["namespace"]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": template["spec"]}
    with pytest.raises(ApiError, match=r"violates PodSecurity .restricted:latest."):
        running.api.apply(pod, dry_run=True)


def test_a_field_that_nobody_knows_is_refused(running: Running) -> None:
    """The control of strict validation, for a built-in kind and for a custom one."""
    for kind in ("Service", "Gateway"):
        unknown = copy.deepcopy(running.of(kind)[0][1])
        unknown["spec"]["surprise"] = 1
        with pytest.raises(ApiError, match="surprise"):
            running.api.apply(unknown, dry_run=True)
