"""The fleet: where services and environments are, and which components a cluster's platform has."""

from constructs_lib import Component, Environment, Role
from desired.render import Fleet

_LIBRARY = "constructs_lib.platform"


def components(environment: Environment, role: Role) -> tuple[Component, ...]:
    """The components of a cluster; `<environment>-ops` has the same ones, smaller. A new one is a line here."""
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
