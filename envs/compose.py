"""Defines the fleet: its services, its environments, and the platform components of a cluster."""

from constructs_lib import Component, Environment, Role
from desired.render import Fleet

_LIBRARY = "constructs_lib.platform"


def components(environment: Environment, role: Role) -> tuple[Component, ...]:
    """Return the platform components of a cluster, the same for apps and ops. Add a new component here."""
    return (
        Component(name="namespaces", made_by=f"{_LIBRARY}.namespaces:Namespaces"),
        Component(name="priorities", made_by=f"{_LIBRARY}.priorities:Priorities"),
        Component(name="limits", made_by=f"{_LIBRARY}.limits:Limits"),
        Component(name="closed", made_by=f"{_LIBRARY}.closed:ClosedByDefault"),
        Component(name="gateways", made_by=f"{_LIBRARY}.gateways:Gateways"),
        Component(name="secrets", made_by=f"{_LIBRARY}.secrets:SecretStores"),
        Component(name="operators", made_by=f"{_LIBRARY}.operators:Operators"),
        Component(name="monitoring", made_by=f"{_LIBRARY}.monitoring:Monitoring"),
        Component(name="gitops", made_by=f"{_LIBRARY}.gitops:GitOps"),
    )


FLEET = Fleet(services="apps", environments="envs", components=components)
