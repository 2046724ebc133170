"""Infrastructures as data: the machine sizes S, M and L, the zones, and Cluster API's templates for clusters."""

from __future__ import annotations

import copy
import hashlib
from pathlib import Path
from typing import Literal, NamedTuple

import yaml
from pydantic import Field, ValidationError

from constructs_lib.values import Problem, Value, sentences
from constructs_lib.values.base import Line, Many, Name
from constructs_lib.values.data import Json, Object, canonical
from constructs_lib.values.resources import Quantity

FOLDER = Path(__file__).parents[1] / "infrastructures"
IMAGE_PULL, IMAGE_PULL_KEY = "image-pull", "config.json"
"""The Secret in the cluster's namespace with which its nodes pull images."""
WORKER = "worker"
"""The name of the one worker class that every infrastructure has."""
CLUSTER_CLASS = "ClusterClass"


class Machine(Value):
    """A machine size."""

    type: Line
    """The infrastructure's own name for it, such as `m7i.large`."""
    cpu: Quantity
    """Its CPU cores."""
    memory: Quantity
    """Its memory."""


class Chart(Value):
    """A Helm chart that a new cluster needs before Flux can run: the network, the cloud controller manager."""

    name: Name
    """The name of the Helm release."""
    chart: Line
    """An address that starts with `oci://`, or the name of a chart in `repository`."""
    repository: Line | None = None
    """The address of the repository, if `chart` is a name."""
    version: Line
    """Its version."""
    namespace: Name = "kube-system"
    """The namespace that it is installed to."""
    values: Json = {}
    """Its values. `{cluster}` is replaced with the cluster's name."""


class InfrastructureConfig(Value):
    """The first document of an infrastructure: what the values of a `Pair` mean there."""

    machines: dict[Literal["S", "M", "L"], Machine] = Field(min_length=3)
    """The sizes."""
    failureDomain: Line
    """Cluster API's name for a zone. `{region}` and `{zone}` are replaced with those of the environment."""
    zones: dict[Name, Line] = {}
    """The infrastructure's names for the environment's zones, if they differ."""
    charts: Many[Chart] = ()
    """The charts that a new cluster needs, in order of installation."""


class Templates(NamedTuple):
    """The objects of a ClusterClass. Their names change with their content."""

    class_name: str
    objects: tuple[Object, ...]
    """The templates, then the ClusterClass."""


class Infrastructure(NamedTuple):
    """One file of `infrastructures/`."""

    name: str
    config: InfrastructureConfig
    objects: tuple[Object, ...]

    @property
    def digest(self) -> str:
        """The digest of the whole file: 64 hexadecimal digits."""
        return _digest([self.config.written(), *self.objects])

    def failure_domain(self, region: str, zone: str) -> str:
        """Cluster API's name for a zone. Raises Problem if the infrastructure has no such zone."""
        zones = self.config.zones
        if zones and zone not in zones:
            raise Problem(
                f"{self.name} has no zone {zone!r}; stacks/infrastructures/{self.name}.yaml has {', '.join(zones)}"
            )
        return self.config.failureDomain.format(region=region, zone=zones.get(zone, zone))

    def takes(self, variable: str) -> bool:
        """Whether its ClusterClass has a variable of that name."""
        return any(each["name"] == variable for each in self.objects[-1]["spec"].get("variables", []))

    def templates(self, namespace: str) -> Templates:
        """Its objects for a namespace.

        Cluster API treats templates and classes as immutable. So every change gets new names, and the cluster moves to
        the new class by `classRef`.
        """
        objects = [_pulling(item) for item in self.objects]
        form = f"{self.name}-{{}}-{_digest(objects)[:8]}"
        renamed = tuple(_renamed(item, namespace, form) for item in objects)
        return Templates(renamed[-1]["metadata"]["name"], renamed)


def load(name: str) -> Infrastructure:
    """Reads `infrastructures/<name>.yaml`. Raises Problem if it is missing or invalid."""
    path = FOLDER / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.yaml")))
        raise Problem(f"stacks/infrastructures/ has no {name!r}; it has {known}")
    try:
        first, *objects = yaml.safe_load_all(path.read_text(encoding="utf-8"))
        config = InfrastructureConfig.model_validate(first)
    except ValidationError as error:
        raise Problem(*sentences(f"stacks/infrastructures/{path.name}", error)) from error
    except (yaml.YAMLError, ValueError) as error:
        raise Problem(
            f"stacks/infrastructures/{path.name}: cannot be read ({error}); see in-memory.yaml for an example"
        ) from error
    objects.sort(key=lambda item: item["kind"] == CLUSTER_CLASS)
    if [item["kind"] for item in objects].count(CLUSTER_CLASS) != 1:
        raise Problem(
            f"stacks/infrastructures/{path.name}: must have exactly one ClusterClass; see in-memory.yaml for an example"
        )
    return Infrastructure(name, config, tuple(objects))


def _renamed(item: Object, namespace: str, form: str) -> Object:
    named: Object = {**item, "metadata": {**item["metadata"], "name": form.format(item["metadata"]["name"])}}
    named["metadata"]["namespace"] = namespace
    if item["kind"] != CLUSTER_CLASS:
        return named
    return _with_references(named, form)


def _with_references(data: Json, form: str) -> Json:
    """The same data, with the new names in each `templateRef`."""
    found = {key: _with_references_inside(value, form) for key, value in data.items()}
    if reference := data.get("templateRef"):
        found["templateRef"] = {**reference, "name": form.format(reference["name"])}
    return found


def _with_references_inside(value: object, form: str) -> object:
    if isinstance(value, list):
        return [_with_references_inside(item, form) for item in value]
    return _with_references(value, form) if isinstance(value, dict) else value


def _pulling(item: Object) -> Object:
    """The same object, with the kubelet's image pull credentials, so that pods need no imagePullSecrets."""
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
