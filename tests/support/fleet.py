"""A small environment and small services, for tests that need some."""

from __future__ import annotations

from typing import Any

from constructs_lib import Cluster, Environment, Git, Port, Quota, Reference, Resources, Scale, Service

IMAGE = "registry.example.com/image@sha256:" + "2" * 64


def service(name: str = "greeter", **fields: Any) -> Service:
    """A service with one HTTP port, unless the fields say otherwise."""
    return Service(**{"name": name, "owner": "team-a", "image": f"registry.example.com/{name}", **_port(fields)})


def _port(fields: dict[str, Any]) -> dict[str, Any]:
    return fields if "ports" in fields else {"ports": (Port.http(8080),), **fields}


def worker(name: str = "mailer", **fields: Any) -> Service:
    """A service without a port."""
    return service(name, ports=(), **fields)


def environment(name: str = "test", **fields: Any) -> Environment:
    """A complete environment with names that ours do not have."""
    cluster = {"quota": Quota(cpu="100", memory="200Gi", pods=500), "gateway_replicas": Scale.fixed(1)}
    reference = Reference(service=service("probe"), image=IMAGE)
    given: dict[str, Any] = {
        "name": name,
        "domain": f"{name}.example.com",
        "apps": Cluster(**cluster),
        "ops": Cluster(**cluster, reference=reference),
        "git": Git(url="https://git.example.com/fleet.git"),
        "sizes": {
            "S": Resources(cpu="50m", memory="64Mi"),
            "M": Resources(cpu="100m", memory="128Mi"),
            "L": Resources(cpu="200m", memory="256Mi"),
        },
        "scales": {"S": Scale.fixed(2), "M": Scale.between(2, 4), "L": Scale.between(3, 9)},
        "zones": ("a", "b", "c"),
        **fields,
    }
    return Environment(**given)
