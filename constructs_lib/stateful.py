"""A program whose pods each keep data and a name of their own."""

from __future__ import annotations

from typing import Any

from constructs import Construct

from .environment import Placed
from .objects import Manifest
from .parts.autoscaling import recommender
from .parts.configuration import config_maps, external_secrets
from .parts.disruption import disruption_budget
from .parts.identity import identity
from .parts.labels import meta, selector
from .parts.pod import pod_template
from .parts.reach import headless_service
from .release import Version


class Stateful(Construct):
    """A StatefulSet whose volume claims stay when it is scaled down or deleted."""

    def __init__(self, scope: Construct, placed: Placed, version: Version) -> None:
        name = placed.service.name
        super().__init__(scope, name)
        identity(self, placed, "")
        config_maps(self, placed, "")
        external_secrets(self, placed, "")
        self._stateful_set(placed, version)
        recommender(self, placed, "", "StatefulSet", name)
        disruption_budget(self, placed, "", name)
        headless_service(self, placed)

    def _stateful_set(self, placed: Placed, version: Version) -> None:
        name = placed.service.name
        Manifest(
            self,
            "apps/v1",
            "StatefulSet",
            meta(placed, name),
            spec={
                "serviceName": name,
                "replicas": placed.scale.min,
                "revisionHistoryLimit": 3,
                "podManagementPolicy": "Parallel",
                "updateStrategy": {"type": "RollingUpdate"},
                "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
                "selector": {"matchLabels": selector(name)},
                "template": pod_template(placed, version, ""),
                "volumeClaimTemplates": [self._claim(placed, index) for index in range(len(placed.service.claims))],
            },
        )

    def _claim(self, placed: Placed, index: int) -> dict[str, Any]:
        claim = placed.service.claims[index]
        return {
            "metadata": {"name": claim.name, "labels": selector(placed.service.name)},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": claim.storage_class or placed.place.storage_class,
                "resources": {"requests": {"storage": claim.size}},
            },
        }
