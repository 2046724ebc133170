"""Creates the objects of one slot of a microservice."""

from __future__ import annotations

from constructs import Construct

from ..parts.autoscaling import autoscaler, recommender
from ..parts.configuration import config_maps, external_secrets
from ..parts.disruption import disruption_budget
from ..parts.identity import identity
from ..parts.labels import meta, selector
from ..parts.names import slot_name
from ..parts.objects import Manifest
from ..parts.pod import pod_template
from ..parts.reach import slot_service
from ..values.release import Version
from ..values.resolved_service import ResolvedService


class Microservice(Construct):
    """One slot of a microservice: its Deployment and the other objects of this slot only.

    During a rollout there are two slots, each with its own spec. `SharedObjects` holds the objects that both use.
    """

    def __init__(
        self, scope: Construct, resolved: ResolvedService, version: Version, *, slot: str, at_peak: bool = False
    ) -> None:
        name = slot_name(resolved.service.name, slot)
        super().__init__(scope, name)
        identity(self, resolved, slot)
        config_maps(self, resolved, slot)
        external_secrets(self, resolved, slot)
        deployment(self, resolved, version, slot)
        autoscaler(self, resolved, slot, name, at_peak)
        recommender(self, resolved, slot, "Deployment", name)
        disruption_budget(self, resolved, slot, name)
        slot_service(self, resolved, slot)


def deployment(scope: Construct, resolved: ResolvedService, version: Version, slot: str) -> None:
    """Add a Deployment. Updates keep the full number of pods. `replicas` is left out if an autoscaler sets it."""
    about = meta(resolved, slot_name(resolved.service.name, slot), slot)
    replicas = {"replicas": resolved.scale.min} if resolved.scale.is_fixed else {}
    Manifest(
        scope,
        "apps/v1",
        "Deployment",
        about,
        spec={
            **replicas,
            "revisionHistoryLimit": 3,
            "progressDeadlineSeconds": 600,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
            "selector": {"matchLabels": selector(resolved.service.name, slot)},
            "template": pod_template(resolved, version, slot),
        },
    )
