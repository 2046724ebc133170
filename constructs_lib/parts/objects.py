"""Objects that the types of cdk8s-plus-27 cannot say: custom resources, and pods with fields newer than its schema.

See `docs/decisions/0002-typed-objects.md` for which kind is made in which way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import cdk8s
from cdk8s_plus_27 import k8s
from constructs import Construct

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Meta:
    """Name, resolve, labels and annotations of one object."""

    name: str
    namespace: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    def typed(self) -> k8s.ObjectMeta:
        """For the types of cdk8s-plus-27."""
        return k8s.ObjectMeta(
            name=self.name,
            namespace=self.namespace,
            labels=dict(self.labels) or None,
            annotations=dict(self.annotations) or None,
        )

    def named(self, name: str) -> Meta:
        """The same, for an object of another name."""
        return Meta(name, self.namespace, self.labels, self.annotations)


class Manifest(cdk8s.ApiObject):
    """One object, said as plain data in Kubernetes' own words."""

    def __init__(self, scope: Construct, api_version: str, kind: str, meta: Meta, **body: Body) -> None:
        super().__init__(
            scope,
            f"{kind}-{meta.name}",
            api_version=api_version,
            kind=kind,
            metadata=cdk8s.ApiObjectMetadata(
                name=meta.name,
                namespace=meta.namespace,
                labels=dict(meta.labels),
                annotations=dict(meta.annotations),
            ),
        )
        self.add_json_patch(*(cdk8s.JsonPatch.add(f"/{key}", value) for key, value in body.items()))


@cache
def number(value: int) -> k8s.IntOrString:
    """A number where Kubernetes takes a number or a name. Cached, as each one crosses to node."""
    return k8s.IntOrString.from_number(value)


@cache
def text(value: str) -> k8s.IntOrString:
    """A name where Kubernetes takes a number or a name."""
    return k8s.IntOrString.from_string(value)


@cache
def quantity(value: str) -> k8s.Quantity:
    """A quantity such as `250m` or `64Mi`."""
    return k8s.Quantity.from_string(value)
