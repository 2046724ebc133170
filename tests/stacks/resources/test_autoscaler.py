"""The autoscaler beside a cluster whose pools grow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from constructs_lib import Pool
from tests.stacks.parts import APPS
from tests.support.recording import Run
from tests.support.stacks import changed, first, run

GROWS = first("apps", lambda cluster_spec: any(pool.min < pool.max for pool in cluster_spec.pools))


def test_a_cluster_with_fixed_pools_has_no_autoscaler() -> None:
    fixed = changed(APPS, pair__apps=(Pool(name="general", min=1, max=1), Pool(name="more", min=2, max=2)))
    assert run(APPS.name, environments=fixed).of("apps/v1:Deployment") == []


def _pod(runs: Mapping[str, Run]) -> dict[str, Any]:
    spec = runs[GROWS.name].one("apps/v1:Deployment").item["spec"]
    assert spec["template"]["metadata"]["labels"] == spec["selector"]["matchLabels"]
    pod: dict[str, Any] = spec["template"]["spec"]
    return pod


def test_the_autoscaler_reads_its_own_cluster_and_scales_its_machines(runs: Mapping[str, Run]) -> None:
    pod = _pod(runs)
    (container,) = pod["containers"]
    assert pod["volumes"] == [{"name": "kubeconfig", "secret": {"secretName": f"{GROWS.name}-kubeconfig"}}]
    assert container["volumeMounts"] == [{"name": "kubeconfig", "mountPath": "/kubeconfig", "readOnly": True}]
    found = f"--node-group-auto-discovery=clusterapi:namespace={GROWS.name},clusterName={GROWS.name}"
    assert {"--kubeconfig=/kubeconfig/value", "--clusterapi-cloud-config-authoritative", found} <= {
        *container["command"]
    }


def test_the_autoscaler_may_change_machines_of_its_namespace_only(runs: Mapping[str, Run]) -> None:
    role = runs[GROWS.name].one("rbac.authorization.k8s.io/v1:Role").item
    written = [rule for rule in role["rules"] if set(rule["verbs"]) - {"get", "list", "watch"}]
    assert [(rule["apiGroups"], rule["verbs"][3:]) for rule in written] == [(["cluster.x-k8s.io"], ["update", "patch"])]
    assert "clusters" not in written[0]["resources"]
    binding = runs[GROWS.name].one("rbac.authorization.k8s.io/v1:RoleBinding").item
    (subject,) = binding["subjects"]
    assert (role["metadata"]["namespace"], subject["namespace"]) == (GROWS.name, GROWS.name)
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert subject["name"] == _pod(runs)["serviceAccountName"]


def test_the_autoscalers_pod_meets_the_restricted_standard(runs: Mapping[str, Run]) -> None:
    pod = _pod(runs)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    context = pod["containers"][0]["securityContext"]
    assert (context["allowPrivilegeEscalation"], context["capabilities"]) == (False, {"drop": ["ALL"]})


def test_pulumi_does_not_wait_for_the_autoscaler(runs: Mapping[str, Run]) -> None:
    # It starts when the cluster's kubeconfig is there, which is minutes later.
    annotations = runs[GROWS.name].one("apps/v1:Deployment").item["metadata"]["annotations"]
    assert annotations["pulumi.com/skipAwait"] == "true"
