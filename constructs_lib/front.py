"""What the slots of a service share: how it is reached, whom it may reach, and where it is measured."""

from __future__ import annotations

from constructs import Construct

from .parts.configuration import database_credentials
from .parts.monitors import monitor
from .parts.network_policies import network_policies
from .parts.reach import gateway_aliases, stable_service
from .parts.routes import Traffic, routes
from .values import Problem


class ServiceFront(Construct):
    """The routes with their weights, the aliases, the network policies and the monitor of a service."""

    def __init__(self, scope: Construct, traffic: Traffic) -> None:
        _refuse_another_kind(traffic)
        placed = traffic.stable
        super().__init__(scope, f"{placed.service.name}-front")
        gateway_aliases(self, placed)
        stable_service(self, placed, traffic.stable_slot)
        routes(self, traffic)
        network_policies(self, traffic.specs)
        monitor(self, traffic.specs)
        database_credentials(self, traffic.specs)


def _refuse_another_kind(traffic: Traffic) -> None:
    kinds = [placed.service.kind for placed in traffic.specs]
    if len(set(kinds)) > 1:
        raise Problem(
            f"{traffic.stable.service.name}: a {kinds[0]} cannot become a {kinds[1]} in a rollout; "
            f"retire the service, then add it"
        )
