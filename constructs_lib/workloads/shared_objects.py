"""Creates the objects that the slots of a service share: routes, aliases, network policies and the monitor."""

from __future__ import annotations

from constructs import Construct

from ..parts.configuration import database_credentials
from ..parts.monitors import monitor
from ..parts.network_policies import network_policies
from ..parts.reach import gateway_aliases, stable_service
from ..parts.routes import Traffic, routes
from ..values import Problem
from ..values.service import change_of_kind


class SharedObjects(Construct):
    """The routes with their weights, the aliases, the network policies, the monitor, and the database secret."""

    def __init__(self, scope: Construct, traffic: Traffic) -> None:
        _refuse_another_kind(traffic)
        resolved = traffic.stable
        super().__init__(scope, f"{resolved.service.name}-front")
        gateway_aliases(self, resolved)
        stable_service(self, resolved, traffic.stable_slot)
        routes(self, traffic)
        network_policies(self, traffic.specs)
        monitor(self, traffic.specs)
        database_credentials(self, traffic.specs)


def _refuse_another_kind(traffic: Traffic) -> None:
    stable, *others = (resolved.service for resolved in traffic.specs)
    for each in others:
        if problem := change_of_kind(stable, each):
            raise Problem(f"{problem} in a rollout. Retire the service first, then deploy it")
