"""Reads clusters: what runs in slots, what Flux has applied, whether the platform is healthy. No other file does.

It runs `kubectl`, which reads every kind of kubeconfig, as `desired.git` runs `git`.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import yaml

from constructs_lib.parts.names import SLOT_LABEL
from constructs_lib.values.data import Json

from ..core.errors import Problem, Unreachable
from ..core.model import Observation
from ..programs import TIMED_OUT
from .kubectl import run_kubectl

_Owner = tuple[str | None, str | None]
_NOBODY: _Owner = (None, None)
"""The object was applied by hand, so no commit says what it should be."""
_SLOTS = f"?labelSelector={SLOT_LABEL}"
_ENDPOINTS = f"/apis/discovery.k8s.io/v1/endpointslices{_SLOTS}"
_DEPLOYMENTS = f"/apis/apps/v1/deployments{_SLOTS}"
_KUSTOMIZATIONS = "/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations"
_SERVICE_NAME = "kubernetes.io/service-name"
_APPLIED_BY = "kustomize.toolkit.fluxcd.io/"
"""The prefix of Flux's labels on each object that it applies: the Kustomization's `name` and `namespace`."""
_SETTLING_SECONDS, _PAUSE_SECONDS = 1.0, 0.1
_REASON = re.compile(r"\b(Unauthorized|Forbidden|NotFound)\b")
_REMEDIES = {
    "Unauthorized": "Log in to the cluster",
    "Forbidden": "Ask for permission to list them",
    "NotFound": "Install the controller that serves them",
}


class Published(Protocol):
    """What Git knows about the commits that clusters have applied."""

    def platform_digest(self, cluster: str, commit: str) -> str:
        """The digest of the platform that made a cluster's manifests at a commit. Raises Problem."""

    def folders_unlike_live(self, commit: str) -> frozenset[str] | None:
        """The folders of manifests in which something differs between a commit and `live`; None if unknown."""

    def oldest(self, commits: Collection[str]) -> str:
        """The commit that is in the history of all others; empty if there is none."""


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)


class ClusterObserver:
    """The clusters that a kubeconfig reaches: a context for each, named like the cluster (`prod-apps`, `prod-ops`)."""

    def __init__(
        self,
        kubeconfig: Path | None,
        published: Published,
        timeout: float = 5.0,
        say: Callable[[str], None] = _say,
    ) -> None:
        """`timeout` is the limit for one response, in seconds. `say` gets the message if only the ops cluster fails."""
        self._kubeconfig, self._published = kubeconfig, published
        self._timeout, self._say = timeout, say

    def observe(self, environment: str) -> Observation | None:
        """What runs in an environment; None without a kubeconfig, or if it has no contexts for the clusters.

        If only the ops cluster fails, `say` gets the message and the rest is returned. Raises Unreachable or Problem.
        """
        apps, ops = f"{environment}-apps", f"{environment}-ops"
        there = self._contexts() & {apps, ops}
        if not there:
            return None
        with ThreadPoolExecutor(1) as beside:
            asked = beside.submit(self._list, ops, _KUSTOMIZATIONS) if ops in there else None
            seen = self._of_apps(apps) if apps in there else {}
        if asked:
            seen["healthy_platform"] = self._of_ops(asked, ops, alone=apps not in there)
        return Observation(**seen)

    def _of_apps(self, apps: str) -> Json:
        # The order matters: a pod counts only if nothing that was read before it may be older than the pod.
        kustomizations = self._list(apps, _KUSTOMIZATIONS)
        deployments = self._list(apps, _DEPLOYMENTS)
        ready = _ready_by_slot(self._list(apps, _ENDPOINTS))
        as_live = self._as_live(kustomizations)
        for deployment in deployments:
            name, owner = deployment["metadata"]["name"], _owner(deployment)
            # Without a route, both slots share one Service. The pods are then counted by their workload.
            there = ready.get(name, int(deployment.get("status", {}).get("readyReplicas", 0)))
            current = _seen_by_controller(deployment) and as_live.get(owner, owner == _NOBODY)
            ready[name] = max(0, there - _pods_of_older_templates(deployment)) if current else 0
        standing = {_applied(each) for each in kustomizations if _condition(each) != "False" and _applied(each)}
        return {"ready": ready, "applied": self._published.oldest(standing)}

    def _as_live(self, kustomizations: Iterable[Json]) -> dict[_Owner, bool]:
        """Whether each has applied a commit at which its folder is the same as on `live`."""
        commits = {_applied(each) for each in kustomizations}
        unlike = {commit: self._published.folders_unlike_live(commit) for commit in commits}
        return {
            (each["metadata"]["namespace"], each["metadata"]["name"]): (folders := unlike[_applied(each)]) is not None
            and each["spec"]["path"].removeprefix("./") not in folders
            for each in kustomizations
        }

    def _of_ops(self, first: Future[list[Json]], ops: str, alone: bool) -> str:
        """The digest of the platform with which the ops cluster is healthy; empty if it is not healthy."""
        try:
            return self._healthy_platform(ops, first.result())
        except Problem as problem:
            if alone:
                raise
            self._say(str(problem))
            return ""

    def _healthy_platform(self, ops: str, found: list[Json]) -> str:
        end = time.monotonic() + _SETTLING_SECONDS
        # At every interval Flux reports Unknown for a moment. The status after that counts.
        while any(_condition(each) == "Unknown" for each in found) and time.monotonic() < end:
            time.sleep(_PAUSE_SECONDS)
            found = self._list(ops, _KUSTOMIZATIONS)
        if not all(_condition(each) == "True" for each in found):
            return ""
        digests = {self._published.platform_digest(ops, _applied(each)) for each in found}
        return digests.pop() if len(digests) == 1 else ""

    def _contexts(self) -> set[str]:
        """The context names in the kubeconfig. Raises Problem if it cannot be read."""
        if self._kubeconfig is None:
            return set()
        try:
            data = yaml.safe_load(self._kubeconfig.read_text(encoding="utf-8"))
            return {str(each["name"]) for each in data["contexts"]}
        except OSError as error:
            raise Problem(f"Cannot read {self._kubeconfig}: {error.strerror}. Pass another --kubeconfig") from None
        except (yaml.YAMLError, ValueError, KeyError, TypeError):
            raise Problem(f"{self._kubeconfig} is not a kubeconfig with contexts. Pass another --kubeconfig") from None

    def _list(self, context: str, path: str) -> list[Json]:
        """The objects of a list. Raises Unreachable, or Problem if the server refuses."""
        words = (f"--kubeconfig={self._kubeconfig}", f"--context={context}", "get", "--raw", path)
        done = run_kubectl(*words, timeout=self._timeout)
        if done.returncode == 0:
            items: list[Json] = json.loads(done.stdout)["items"]
            return items
        said = " ".join(done.stderr.split())[-300:]
        reason = _REASON.search(said)
        if done.returncode == TIMED_OUT:
            raise Unreachable(f"{context} did not answer within {self._timeout:g} s. Try again, or check the cluster")
        if reason and reason[1] in _REMEDIES:
            kind = path.partition("?")[0].rpartition("/")[2]
            raise Problem(f"Cannot list the {kind} of {context}: {said}. {_REMEDIES[reason[1]]}")
        raise Unreachable(f"Cannot connect to {context}: {said}. Check its address in {self._kubeconfig}")


def _ready_by_slot(slices: Iterable[Json]) -> dict[str, int]:
    """The number of pods that each slot's Service sends requests to. A Service without pods has an empty slice."""
    pods: dict[str, set[str]] = {}
    for each in slices:
        ready = pods.setdefault(each["metadata"]["labels"][_SERVICE_NAME], set())
        for endpoint in each.get("endpoints") or ():
            # "A nil value should be interpreted as true"; with two address families a pod is in two slices.
            if endpoint.get("conditions", {}).get("ready") in (True, None):
                ready.add(endpoint.get("targetRef", {}).get("uid") or endpoint["addresses"][0])
    return {name: len(found) for name, found in pods.items()}


def _owner(item: Json) -> _Owner:
    """The Kustomization that applied an object."""
    labels = item["metadata"].get("labels", {})
    return labels.get(f"{_APPLIED_BY}namespace"), labels.get(f"{_APPLIED_BY}name")


def _seen_by_controller(deployment: Json) -> bool:
    generation: int = deployment["metadata"]["generation"]
    return int(deployment.get("status", {}).get("observedGeneration", 0)) >= generation


def _pods_of_older_templates(deployment: Json) -> int:
    """Pods of older versions. They get the slot's traffic until the new pods are ready."""
    status = deployment.get("status", {})
    return int(status.get("replicas", 0)) - int(status.get("updatedReplicas", 0))


def _condition(kustomization: Json) -> str:
    """`True`, `False` or `Unknown`: whether Flux applied the current generation successfully."""
    status = kustomization.get("status", {})
    if status.get("observedGeneration") != kustomization["metadata"]["generation"]:
        return "Unknown"
    return next((str(each["status"]) for each in status.get("conditions", ()) if each["type"] == "Ready"), "Unknown")


def _applied(kustomization: Json) -> str:
    """The commit of `branch@sha1:commit`; empty if none was applied."""
    return str(kustomization.get("status", {}).get("lastAppliedRevision", "")).rpartition(":")[2]
