"""Platform components as a user writes them: some mix our manifests with cdk8s' own constructs, some are wrong."""

from __future__ import annotations

import cdk8s
import cdk8s_plus_27 as plus
from cdk8s_plus_27 import k8s
from constructs import Construct

from constructs_lib import Environment, Role
from constructs_lib.parts.objects import Manifest, Meta


class Mixed(Construct):
    """One object in each way that cdk8s offers."""

    def __init__(self, scope: Construct, environment: Environment, role: Role) -> None:
        super().__init__(scope, "mixed")
        Manifest(self, "v1", "Namespace", Meta("a-manifest"))
        cdk8s.ApiObject(self, "Api", api_version="v1", kind="Namespace", metadata={"name": "b-api-object"})
        Manifest(self, "v1", "Namespace", Meta("c-manifest"))
        k8s.KubeNamespace(self, "Kube", metadata=k8s.ObjectMeta(name="d-kube"))
        inner = Construct(self, "inner")
        Manifest(inner, "v1", "Namespace", Meta("e-manifest"))
        plus.ConfigMap(inner, "Map", metadata={"name": "f-config-map"}, data={"key": "value"})


class Patched(Construct):
    """A manifest with a JSON patch of cdk8s."""

    def __init__(self, scope: Construct, environment: Environment, role: Role) -> None:
        super().__init__(scope, "patched")
        made = Manifest(self, "v1", "Namespace", Meta("patched"), spec={"finalizers": ["a"]})
        made.api_object.add_json_patch(cdk8s.JsonPatch.add("/spec/finalizers/-", "b"))


class Counting(Construct):
    """Reads the objects that it added."""

    def __init__(self, scope: Construct, environment: Environment, role: Role) -> None:
        super().__init__(scope, "counting")
        for name in ("a", "b"):
            Manifest(self, "v1", "Namespace", Meta(name))
        found = [each.name for each in self.node.find_all() if isinstance(each, cdk8s.ApiObject)]
        Manifest(self, "v1", "Namespace", Meta("-and-".join(found)))


class Twice(Construct):
    """Two objects with one kind and name."""

    def __init__(self, scope: Construct, environment: Environment, role: Role) -> None:
        super().__init__(scope, "twice")
        for _ in range(2):
            Manifest(self, "v1", "Namespace", Meta("same"))


class Failing(Construct):
    """Fails halfway, after two objects that cdk8s would reject."""

    def __init__(self, scope: Construct, environment: Environment, role: Role) -> None:
        super().__init__(scope, "failing")
        for _ in range(2):
            Manifest(self, "v1", "Namespace", Meta("left"))
        raise LookupError("halfway")


class NoData(Construct):
    """Gives a value that is not JSON data."""

    def __init__(self, scope: Construct, environment: Environment, role: Role) -> None:
        super().__init__(scope, "no-data")
        Manifest(self, "v1", "Namespace", Meta("odd"), spec={"finalizers": {"a", "b"}})
