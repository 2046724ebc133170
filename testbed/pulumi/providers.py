"""The providers of a stack: which cluster a resource lies in, and what its provider was told."""

import os
import threading
from collections.abc import Callable, Mapping
from typing import Any

from .difference import Mutable
from .goal import PROVIDER
from .kubeconfig import Active, BadKubeconfig, active
from .objects import DELETE_UNREACHABLE, Clusters, Gate, Objects, Settings
from .state import Resource, State
from .values import UNKNOWN, Properties, is_unknown, plain

DEFAULT = "default"
"""The name by which the provider of resources without one is known."""
_UNSUPPORTED = ("renderYamlToDirectory", "skipUpdateUnreachable")
_FROM_ENVIRONMENT = {
    "enablePatchForce": "PULUMI_K8S_ENABLE_PATCH_FORCE",
    "enableConfigMapMutable": "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE",
    "enableSecretMutable": "PULUMI_K8S_ENABLE_SECRET_MUTABLE",
    "deleteUnreachable": DELETE_UNREACHABLE,
    "upsertExistingObjects": "PULUMI_K8S_UPSERT_EXISTING_OBJECTS",
}


class Providers:
    """Finds the objects for a reference to a provider. Threads may share it."""

    def __init__(
        self,
        state: State,
        clusters: Clusters,
        config: Mapping[str, str],
        gate: Gate,
        warn: Callable[[str, str], None],
    ) -> None:
        """`config` is the stack's; the default provider reads its keys `kubernetes:…`."""
        self._state = state
        self._clusters = clusters
        self._default = {
            key.removeprefix("kubernetes:"): v for key, v in config.items() if key.startswith("kubernetes:")
        }
        self._gate = gate
        self._warn = warn
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], Objects] = {}

    def objects(self, reference: str) -> Objects | None:
        """The objects of that provider's cluster; nothing while its kubeconfig is not known. Raises `BadKubeconfig`."""
        inputs = self.inputs(reference)
        if inputs is None or is_unknown(inputs):
            return None
        told: dict[str, Any] = plain(inputs)
        for key in _UNSUPPORTED:
            if told.get(key) not in (None, "", "false", False):
                raise BadKubeconfig(f"this monitor does not know the provider's {key}; it needs the real engine")
        if told.get("enableServerSideApply") in ("false", False):
            raise BadKubeconfig("this monitor knows server-side apply only; leave enableServerSideApply as it is")
        name = reference.rpartition("::")[0].rpartition("::")[2] or DEFAULT
        with self._lock:
            place = (name, repr(sorted(told.items())))
            if place not in self._known:
                self._known[place] = self._connected(name, told)
            return self._known[place]

    def inputs(self, reference: str) -> Properties | None:
        """What the provider was told; nothing for one that nobody knows."""
        if not reference:
            return dict(self._default)
        urn, _, identity = reference.rpartition("::")
        found = [each for each in self._state.resources if each.urn == urn]
        exact = [each for each in found if each.id == identity] or [each for each in found if not each.doomed]
        return exact[0].inputs if exact else None

    def moved(self, old: Resource, new: Resource) -> bool:
        """Whether a resource whose provider changed lies in another cluster now."""
        if old.provider == new.provider:
            return False
        before, after = self.inputs(old.provider), self.inputs(new.provider)
        return before is None or after is None or moves(before, after)

    def _connected(self, name: str, told: dict[str, Any]) -> Objects:
        kubeconfig = told.get("kubeconfig")
        if told.get("context") or told.get("cluster"):
            raise BadKubeconfig(f"{name}: choose the context in the kubeconfig (current-context), not in the provider")
        namespace = told.get("namespace") or self._namespace(kubeconfig)
        settings = Settings(
            str(namespace),
            force=_flag(told, "enablePatchForce"),
            upsert=_flag(told, "upsertExistingObjects"),
            delete_unreachable=_flag(told, "deleteUnreachable"),
            mutable=Mutable(_flag(told, "enableConfigMapMutable"), _flag(told, "enableSecretMutable")),
        )
        return Objects(self._clusters(name, kubeconfig), settings, self._gate, self._warn)

    def _namespace(self, kubeconfig: str | None) -> str:
        """That of the current context. Where a test gives the cluster, the kubeconfig may be none."""
        try:
            return active(kubeconfig).namespace
        except BadKubeconfig:
            return "default"


def is_provider(resource: Resource) -> bool:
    """Whether it is a provider and no object."""
    return resource.type == PROVIDER


def moves(before: Properties, after: Properties) -> bool:
    """Whether a provider with these settings reaches another cluster than one with those did."""
    old, new = plain(before), plain(after)
    named = old.get("clusterIdentifier"), new.get("clusterIdentifier")
    if all(named):
        return bool(named[0] != named[1])
    if new.get("kubeconfig") is UNKNOWN:
        return True
    was, will = _cluster(old), _cluster(new)
    return was is not None and will is not None and was != will


def _cluster(told: dict[str, Any]) -> Any:
    if not told.get("kubeconfig"):
        return None
    try:
        found: Active = active(told["kubeconfig"], told.get("context") or "", told.get("cluster") or "")
    except BadKubeconfig:
        return None
    return found.cluster


def _flag(told: dict[str, Any], name: str) -> bool:
    """What the provider was told, or else the environment."""
    said = told.get(name)
    found = os.environ.get(_FROM_ENVIRONMENT[name]) if said is None else said
    return str(found).lower() == "true"
