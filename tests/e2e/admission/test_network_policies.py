"""Every NetworkPolicy selects the pods that its name means, and admits those that it is for: asked about live pods.

What a policy means is read from its folder and its name; which pods those are, from their owners. Labels are what is
judged, so they are not used for either.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

from testbed.api import Object, Ref
from tests.e2e.admission.running import Running, folder, labels

# Pods that an operator or the cluster itself makes, and that do not run on these nodes.
ELSEWHERE = {
    "kube-system: k8s-app=kube-dns": "the cluster's DNS",
    "monitoring: app.kubernetes.io/name=prometheus": "Prometheus, from its operator",
    "databases: cnpg.io/cluster=postgres": "PostgreSQL, from CloudNativePG",
    "envoy-gateway-system: control-plane=envoy-gateway": "Envoy Gateway, from its chart",
    **{
        f"envoy-gateway-system: gateway.envoyproxy.io/owning-gateway-name={gateway},"
        "gateway.envoyproxy.io/owning-gateway-namespace=gateways": f"the proxies of the {gateway} gateway"
        for gateway in ("internal", "external")
    },
}
_PLATFORM = {"deny-services", "deny-proxies", "proxies-internal", "proxies-external"}


def test_every_policy_of_a_service_selects_exactly_the_pods_of_the_service_that_it_names(running: Running) -> None:
    found = {path: _selected(running, policy) for path, policy in _of_services(running)}
    assert found == {path: running.pods_of(_meant(path, policy)) for path, policy in _of_services(running)}
    assert all(found.values())


def test_every_policy_for_a_call_joins_exactly_the_pods_of_caller_and_callee(running: Running) -> None:
    found, meant = {}, {}
    for path, policy in _of_services(running):
        if other := _other(path, policy):
            found[path] = {pod for peer in _peers(policy) for pod in _taken(running, policy, peer)}
            meant[path] = running.pods_of(other)
    assert found == meant
    assert found or running.cluster.folder.name.endswith("-ops")


def test_no_selector_of_a_peer_leads_to_nobody(running: Running) -> None:
    """Each names one namespace that exists, and pods that run in it or are known to be made by somebody else."""
    absent = set()
    for _, policy in running.of("NetworkPolicy"):
        for peer in (each for each in _peers(policy) if "ipBlock" not in each):
            namespaces = running.api.list("v1", "Namespace", labels=labels(peer["namespaceSelector"]))
            (namespace,) = (each["metadata"]["name"] for each in namespaces)
            if not _taken(running, policy, peer) and not _nobody_calls(running, policy):
                absent.add(f"{namespace}: {labels(peer.get('podSelector', {}))}")
    assert absent - ELSEWHERE.keys() == set()
    assert absent == ELSEWHERE.keys() or running.cluster.folder.name.endswith("-ops")


def _nobody_calls(running: Running, policy: Object) -> bool:
    """In an ops cluster no service calls another, so nobody may come to the internal gateway."""
    return policy["metadata"]["name"] == "proxies-internal" and running.cluster.folder.name.endswith("-ops")


def test_the_policies_of_the_platform_close_all_pods_and_open_the_proxies(running: Running) -> None:
    platform = {each["metadata"]["name"]: each for path, each in running.of("NetworkPolicy") if "/platform/" in path}
    assert platform.keys() == _PLATFORM
    everybody = set[str]().union(*running.pods.values())
    assert _selected(running, platform["deny-services"]) == everybody
    assert "ingress" not in platform["deny-services"]["spec"]
    assert "egress" not in platform["deny-services"]["spec"]


def test_the_internal_gateway_admits_exactly_the_pods_that_call_a_service_behind_it(running: Running) -> None:
    (policy,) = (each for _, each in running.of("NetworkPolicy") if each["metadata"]["name"] == "proxies-internal")
    ingress = policy["spec"]["ingress"][0]
    (peer,) = ingress["from"]
    assert _taken(running, policy, peer) == set(_callers(running))


def _callers(running: Running) -> Iterator[str]:
    """Pods that were told the address of a Service that leads to the internal gateway."""
    aliases = [each["metadata"] for _, each in running.of("Service") if each["spec"].get("type") == "ExternalName"]
    addresses = {f"{each['name']}.{each['namespace']}:8080" for each in aliases}
    for pod in running.api.list("v1", "Pod"):
        variables = [each for container in pod["spec"]["containers"] for each in container.get("env", ())]
        if any(each.get("value", "").rpartition("/")[2] in addresses for each in variables) or _by_parts(
            variables, aliases
        ):
            yield pod["metadata"]["name"]


def _by_parts(variables: list[Object], aliases: list[Object]) -> bool:
    """Some programs take host and port apart."""
    values = {each.get("value", "") for each in variables}
    return "8080" in values and any(f"{each['name']}.{each['namespace']}" in values for each in aliases)


def test_a_policy_with_a_wrong_label_would_be_noticed(running: Running) -> None:
    """The control: policies that the API server takes all the same."""
    for path, sound in _of_services(running):
        selects, joins = copy.deepcopy(sound), copy.deepcopy(sound)
        selects["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/name"] += "s"
        running.api.apply(selects, dry_run=True)
        assert _selected(running, selects) != running.pods_of(_meant(path, sound)), path
        if other := _other(path, sound):
            next(_peers(joins))["podSelector"]["matchLabels"]["app.kubernetes.io/name"] += "s"
            running.api.apply(joins, dry_run=True)
            assert _taken(running, joins, next(_peers(joins))) != running.pods_of(other), path


def test_every_policy_is_there(running: Running) -> None:
    assert [path for path, each in running.of("NetworkPolicy") if not running.api.get(Ref.of(each))] == []


def _of_services(running: Running) -> list[tuple[str, Object]]:
    return [(path, each) for path, each in running.of("NetworkPolicy") if "/apps/" in path]


def _meant(path: str, policy: Object) -> str:
    """The service whose pods a policy is about: `a` for `a` and `a-to-b`, and `b` for `b-from-a`, in a's folder."""
    name: str = policy["metadata"]["name"]
    return name.removesuffix(f"-from-{folder(path)}") if name.endswith(f"-from-{folder(path)}") else folder(path)


def _other(path: str, policy: Object) -> str:
    """The other side of a call: `b` for `a-to-b`, and `a` for `b-from-a`; nobody for `a`."""
    name: str = policy["metadata"]["name"]
    if name == folder(path):
        return ""
    if name.startswith(f"{folder(path)}-to-"):
        return name.removeprefix(f"{folder(path)}-to-")
    assert name.endswith(f"-from-{folder(path)}"), f"{path} names no call"
    return folder(path)


def _peers(policy: Object) -> Iterator[Object]:
    for rule in policy["spec"].get("ingress", ()):
        yield from rule.get("from", ())
    for rule in policy["spec"].get("egress", ()):
        yield from rule.get("to", ())


def _selected(running: Running, policy: Object) -> set[str]:
    return running.selected(policy["metadata"]["namespace"], policy["spec"]["podSelector"])


def _taken(running: Running, policy: Object, peer: Object) -> set[str]:
    """The live pods that a peer means; those of the policy's own namespace where it names none."""
    if "namespaceSelector" not in peer:
        return running.selected(policy["metadata"]["namespace"], peer["podSelector"])
    namespaces = running.api.list("v1", "Namespace", labels=labels(peer["namespaceSelector"]))
    found = (running.selected(each["metadata"]["name"], peer.get("podSelector", {})) for each in namespaces)
    return set[str]().union(*found)
