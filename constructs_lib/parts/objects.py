"""Lets constructs define Kubernetes objects as plain data, with the field names of a manifest.

See `docs/decisions/0002-typed-objects.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import cdk8s
from constructs import Construct

from .. import crossing


@dataclass(frozen=True)
class Meta:
    """The name, namespace, labels and annotations of one object."""

    name: str
    namespace: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """Return the metadata as JSON data, as in a manifest."""
        return {
            "name": self.name,
            "namespace": self.namespace,
            "labels": dict(self.labels),
            "annotations": dict(self.annotations),
        }


class Manifest:
    """Adds one object to the scope, as an `ApiObject`. `body` holds the fields other than metadata, such as `spec`."""

    def __init__(self, scope: Construct, api_version: str, kind: str, meta: Meta, **body: object) -> None:
        self._scope, self._id = scope, f"{kind}-{meta.name}"
        identity = {"apiVersion": api_version, "kind": kind, "metadata": meta.as_json()}
        crossing.add(scope, self._id, identity, body)

    @property
    def api_object(self) -> cdk8s.ApiObject:
        """The `ApiObject`, for dependencies and patches of cdk8s. Reading it calls Node at least once."""
        found = self._scope.node.find_child(self._id)
        assert isinstance(found, cdk8s.ApiObject)
        return found
