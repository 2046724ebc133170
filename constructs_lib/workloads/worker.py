"""Creates the objects of a worker, a program that receives no requests, such as the consumer of a queue."""

from __future__ import annotations

from constructs import Construct

from ..parts.autoscaling import autoscaler, recommender
from ..parts.configuration import config_maps, external_secrets
from ..parts.disruption import disruption_budget
from ..parts.identity import identity
from ..values.release import Version
from ..values.resolved_service import ResolvedService
from .microservice import deployment


class Worker(Construct):
    """A Deployment without a port. It has no slots, because it gets no traffic to split between them."""

    def __init__(self, scope: Construct, resolved: ResolvedService, version: Version) -> None:
        name = resolved.service.name
        super().__init__(scope, name)
        identity(self, resolved, "")
        config_maps(self, resolved, "")
        external_secrets(self, resolved, "")
        deployment(self, resolved, version, "")
        autoscaler(self, resolved, "", name, at_peak=False)
        recommender(self, resolved, "", "Deployment", name)
        disruption_budget(self, resolved, "", name)
