"""A server behind a gateway, or called directly: one of its two complete sets of objects."""

from __future__ import annotations

from constructs import Construct

from .environment import Placed
from .names import slot_name
from .objects import Manifest
from .parts.autoscaling import autoscaler, recommender
from .parts.configuration import config_maps, external_secrets
from .parts.disruption import disruption_budget
from .parts.identity import identity
from .parts.labels import meta, selector
from .parts.pod import pod_template
from .parts.reach import slot_service
from .release import Version


class Microservice(Construct):
    """One slot of a service that serves: its Deployment and all that only this slot has.

    During a rollout there are two of these, each from its own spec; they share a `ServiceFront`.
    """

    def __init__(self, scope: Construct, placed: Placed, version: Version, *, slot: str, at_peak: bool = False) -> None:
        name = slot_name(placed.service.name, slot)
        super().__init__(scope, name)
        identity(self, placed, slot)
        config_maps(self, placed, slot)
        external_secrets(self, placed, slot)
        deployment(self, placed, version, slot)
        autoscaler(self, placed, slot, name, at_peak)
        recommender(self, placed, slot, "Deployment", name)
        disruption_budget(self, placed, slot, name)
        slot_service(self, placed, slot)


def deployment(scope: Construct, placed: Placed, version: Version, slot: str) -> None:
    """A Deployment that is updated without a pod missing. Without replicas where an autoscaler sets them."""
    about = meta(placed, slot_name(placed.service.name, slot), slot)
    replicas = {"replicas": placed.scale.min} if placed.scale.is_fixed else {}
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
            "selector": {"matchLabels": selector(placed.service.name, slot)},
            "template": pod_template(placed, version, slot),
        },
    )
