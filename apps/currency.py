"""Currency: converts money."""

from constructs_lib import Port, Probe, Resources, Service

from ._images import DEMO

SERVICE = Service(
    name="currency",
    owner="team-checkout",
    image="ghcr.io/open-telemetry/demo",
    ports=(Port.grpc(7001),),
    description="Converts amounts between currencies",
    tier=1,
    repository="https://github.com/open-telemetry/opentelemetry-demo",
    runbook="https://runbooks.shop.example.com/currency",
    env={"CURRENCY_PORT": 7001, "IPV6_ENABLED": "false", "VERSION": DEMO},
    size=Resources(cpu="50m", memory="20Mi"),
    scale="M",
    readiness=Probe.grpc(),
)
