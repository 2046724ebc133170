"""Creates the objects of a stateful service, whose pods each have their own data and name."""

from __future__ import annotations

from constructs import Construct

from ..parts.autoscaling import recommender
from ..parts.configuration import config_maps, external_secrets
from ..parts.disruption import disruption_budget
from ..parts.identity import identity
from ..parts.labels import meta, selector
from ..parts.objects import Manifest
from ..parts.pod import pod_template
from ..parts.reach import headless_service
from ..values.data import Json
from ..values.release import Version
from ..values.resolved_service import ResolvedService


class StatefulService(Construct):
    """A StatefulSet. Its volume claims stay when it is scaled down or deleted."""

    def __init__(self, scope: Construct, resolved: ResolvedService, version: Version) -> None:
        name = resolved.service.name
        super().__init__(scope, name)
        identity(self, resolved, "")
        config_maps(self, resolved, "")
        external_secrets(self, resolved, "")
        self._stateful_set(resolved, version)
        recommender(self, resolved, "", "StatefulSet", name)
        disruption_budget(self, resolved, "", name)
        headless_service(self, resolved)

    def _stateful_set(self, resolved: ResolvedService, version: Version) -> None:
        name = resolved.service.name
        Manifest(
            self,
            "apps/v1",
            "StatefulSet",
            meta(resolved, name),
            spec={
                "serviceName": name,
                "replicas": resolved.scale.min,
                "revisionHistoryLimit": 3,
                "podManagementPolicy": "Parallel",
                "updateStrategy": {"type": "RollingUpdate"},
                "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
                "selector": {"matchLabels": selector(name)},
                "template": pod_template(resolved, version, ""),
                "volumeClaimTemplates": [self._claim(resolved, index) for index in range(len(resolved.service.claims))],
            },
        )

    def _claim(self, resolved: ResolvedService, index: int) -> Json:
        claim = resolved.service.claims[index]
        return {
            "metadata": {"name": claim.name, "labels": selector(resolved.service.name)},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": claim.storage_class or resolved.placement.storage_class,
                "resources": {"requests": {"storage": claim.size}},
            },
        }
