"""Infrastructures as data: what S, M and L are there, and Cluster API's templates for clusters of it."""

from __future__ import annotations

import copy
import hashlib
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml
from pydantic import Field, ValidationError

from constructs_lib.values import Problem, Value, sentences
from constructs_lib.values.base import Line, Many, Name
from constructs_lib.values.data import canonical
from constructs_lib.values.resources import Quantity

FOLDER = Path(__file__).with_name("infrastructures")
IMAGE_PULL, IMAGE_PULL_KEY = "image-pull", "config.json"
"""The Secret, beside the cluster, with which its nodes pull images."""
WORKER = "worker"
"""The one class of machine deployments in every infrastructure."""
CLUSTER_CLASS = "ClusterClass"
Object = dict[str, Any]


class Machine(Value):
    """A size of machines."""

    type: Line
    """What the infrastructure calls it."""
    cpu: Quantity
    """Its cores."""
    memory: Quantity
    """Its memory."""


class Chart(Value):
    """A Helm chart that a new cluster needs before its GitOps agent can run: the network, the cloud's controller."""

    name: Name
    """The release."""
    chart: Line
    """The chart: an address that begins with `oci://`, or a name in `repository`."""
    repository: Line | None = None
    """The address of the repository, where the chart is only a name."""
    version: Line
    """Its version."""
    namespace: Name = "kube-system"
    """Where it is installed."""
    values: dict[str, Any] = {}
    """Its values; `{cluster}` stands for the cluster's name."""


class Words(Value):
    """The first document of an infrastructure: what the words of a `Pair` mean there."""

    machines: dict[Literal["S", "M", "L"], Machine] = Field(min_length=3)
    """The sizes."""
    failureDomain: Line
    """What Cluster API calls a zone; `{region}` stands for the Pair's, `{zone}` for the environment's."""
    zones: dict[Name, Line] = {}
    """What stands for `{zone}`, where it is not the environment's own name for it."""
    charts: Many[Chart] = ()
    """What a new cluster needs, in this order."""


class Templates(NamedTuple):
    """The objects of a ClusterClass under names that change with their content."""

    class_name: str
    objects: tuple[Object, ...]
    """The templates, and the ClusterClass last."""


class Infrastructure(NamedTuple):
    """One file of `infrastructures/`."""

    name: str
    words: Words
    objects: tuple[Object, ...]

    @property
    def digest(self) -> str:
        """Of all that it says: 64 hexadecimal digits."""
        return _digest([self.words.written(), *self.objects])

    def failure_domain(self, region: str, zone: str) -> str:
        """What Cluster API calls a zone. Raises Problem for a zone that the infrastructure does not have."""
        zones = self.words.zones
        if zones and zone not in zones:
            raise Problem(
                f"{self.name} has no zone {zone!r}; stacks/infrastructures/{self.name}.yaml has {', '.join(zones)}"
            )
        return self.words.failureDomain.format(region=region, zone=zones.get(zone, zone))

    def takes(self, variable: str) -> bool:
        """Whether its class has a variable of that name."""
        return any(each["name"] == variable for each in self.objects[-1]["spec"].get("variables", []))

    def templates(self, namespace: str) -> Templates:
        """Its objects for a namespace.

        Cluster API takes templates and classes as immutable: another content gets another name, and a cluster moves
        to it by `classRef`.
        """
        objects = [_pulling(item) for item in self.objects]
        form = f"{self.name}-{{}}-{_digest(objects)[:8]}"
        renamed = tuple(_renamed(item, namespace, form) for item in objects)
        return Templates(renamed[-1]["metadata"]["name"], renamed)


def load(name: str) -> Infrastructure:
    """Reads `infrastructures/<name>.yaml`. Raises Problem when there is none, or it is not one."""
    path = FOLDER / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.yaml")))
        raise Problem(f"there is no infrastructure {name!r} in stacks/infrastructures/; there are {known}")
    try:
        words, *objects = yaml.safe_load_all(path.read_text(encoding="utf-8"))
        said = Words.model_validate(words)
    except ValidationError as error:
        raise Problem(*sentences(f"stacks/infrastructures/{path.name}", error)) from error
    except (yaml.YAMLError, ValueError) as error:
        raise Problem(f"stacks/infrastructures/{path.name}: cannot be read ({error}); see in-memory.yaml") from error
    objects.sort(key=lambda item: item["kind"] == CLUSTER_CLASS)
    if [item["kind"] for item in objects].count(CLUSTER_CLASS) != 1:
        raise Problem(f"stacks/infrastructures/{path.name}: must have one ClusterClass; see in-memory.yaml")
    return Infrastructure(name, said, tuple(objects))


def _renamed(item: Object, namespace: str, form: str) -> Object:
    named: Object = {**item, "metadata": {**item["metadata"], "name": form.format(item["metadata"]["name"])}}
    named["metadata"]["namespace"] = namespace
    if item["kind"] != CLUSTER_CLASS:
        return named
    referring: Object = _with_references(named, form)
    return referring


def _with_references(data: Any, form: str) -> Any:
    """The same with each `templateRef` naming the renamed template."""
    if isinstance(data, list):
        return [_with_references(item, form) for item in data]
    if not isinstance(data, dict):
        return data
    found: Object = {key: _with_references(value, form) for key, value in data.items()}
    if reference := data.get("templateRef"):
        found["templateRef"] = {**reference, "name": form.format(reference["name"])}
    return found


def _pulling(item: Object) -> Object:
    """The same with the kubelet's credentials for pulling images, which no pod then needs to name."""
    if item["kind"] not in ("KubeadmControlPlaneTemplate", "KubeadmConfigTemplate"):
        return item
    found: Object = copy.deepcopy(item)
    spec = found["spec"]["template"]["spec"]
    kubeadm = spec["kubeadmConfigSpec"] if item["kind"] == "KubeadmControlPlaneTemplate" else spec
    kubeadm["files"] = [*kubeadm.get("files", []), _KUBELET_CREDENTIALS]
    return found


_KUBELET_CREDENTIALS = {
    "path": "/var/lib/kubelet/config.json",
    "permissions": "0600",
    "contentFrom": {"secret": {"name": IMAGE_PULL, "key": IMAGE_PULL_KEY}},
}


def _digest(data: object) -> str:
    return hashlib.sha256(canonical(data).encode()).hexdigest()
