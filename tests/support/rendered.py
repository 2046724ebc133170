"""Ways into rendered objects, and a service in its place without any rendering."""

from __future__ import annotations

from typing import Any

from constructs_lib import Environment, Service, Version
from constructs_lib.testing import Object, one
from constructs_lib.values.resolved_service import Callee, ResolvedService, resolve
from tests.support.fleet import IMAGE, environment

ENV = environment()
VERSION = Version(image=IMAGE, since="2026-01-01T00:00:00Z", commit="c0ffee1234567890", ref="v1.2.3")
WORKLOADS = ("Deployment", "StatefulSet", "CronJob")


def resolved(service: Service, *among: Service, env: Environment = ENV) -> ResolvedService:
    """The service in an environment where the services `among` run too."""
    callees = {each.name: Callee.of(each, env.namespace) for each in among}
    return resolve(env, "apps", service, callees)


def names(objects: list[Object], kind: str) -> list[str]:
    """The names of the objects of a kind, sorted."""
    return sorted(each["metadata"]["name"] for each in objects if each["kind"] == kind)


def labels_of(thing: Object) -> dict[str, str]:
    """The labels of an object."""
    labels: dict[str, str] = thing["metadata"].get("labels", {})
    return labels


def pod(objects: list[Object], name: str | None = None) -> dict[str, Any]:
    """The pod template of the one workload, or of the one of that name."""
    found = [
        each
        for each in objects
        if each["kind"] in WORKLOADS and (name is None or each["metadata"]["name"] == name)
    ]  # fmt: skip
    assert len(found) == 1, names(objects, "Deployment")
    spec = found[0]["spec"]
    template: dict[str, Any] = (spec["jobTemplate"]["spec"] if "jobTemplate" in spec else spec)["template"]
    return template


def main_container(objects: list[Object], name: str | None = None) -> dict[str, Any]:
    """The container that is the service itself."""
    container: dict[str, Any] = pod(objects, name)["spec"]["containers"][0]
    return container


def env_of(container: dict[str, Any]) -> dict[str, Any]:
    """The variables of a container: plain text, or where the value comes from."""
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container["env"]}


def rules(objects: list[Object], kind: str = "HTTPRoute", name: str | None = None) -> list[dict[str, Any]]:
    """The rules of a route."""
    found: list[dict[str, Any]] = one(objects, kind, name)["spec"]["rules"]
    return found


def weights(rule: dict[str, Any]) -> dict[str, int]:
    """The Services that a rule's requests go to, and the weight of each."""
    return {each["name"]: each["weight"] for each in rule["backendRefs"]}
