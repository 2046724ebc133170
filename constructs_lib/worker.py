"""A program that works without being called, as a consumer of a queue."""

from __future__ import annotations

from constructs import Construct

from .environment import Placed
from .microservice import deployment
from .parts.autoscaling import autoscaler, recommender
from .parts.configuration import config_maps, external_secrets
from .parts.disruption import disruption_budget
from .parts.identity import identity
from .release import Version


class Worker(Construct):
    """A Deployment without a port. It has no slots, as no traffic could be shared between them."""

    def __init__(self, scope: Construct, placed: Placed, version: Version) -> None:
        name = placed.service.name
        super().__init__(scope, name)
        identity(self, placed, "")
        config_maps(self, placed, "")
        external_secrets(self, placed, "")
        deployment(self, placed, version, "")
        autoscaler(self, placed, "", name, at_peak=False)
        recommender(self, placed, "", "Deployment", name)
        disruption_budget(self, placed, "", name)
