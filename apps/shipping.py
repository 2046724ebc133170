"""Shipping: prices and ships orders."""

from constructs_lib import Dependency, Port, Probe, Resources, Service

SERVICE = Service(
    name="shipping",
    owner="team-checkout",
    image="ghcr.io/open-telemetry/demo",
    ports=(Port.http(50050),),
    description="Quotes the cost of shipping and ships orders",
    tier=1,
    repository="https://github.com/open-telemetry/opentelemetry-demo",
    runbook="https://runbooks.shop.example.com/shipping",
    env={"SHIPPING_PORT": 50050, "IPV6_ENABLED": "false"},
    size=Resources(cpu="50m", memory="20Mi"),
    scale="M",
    readiness=Probe.http("/health"),
    depends_on=(Dependency(service="quote", env={"QUOTE_ADDR": "http://{address}"}),),
)
