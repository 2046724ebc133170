"""Checkout: turns a cart into an order."""

from constructs_lib import Dependency, Port, Probe, Resources, Service

SERVICE = Service(
    name="checkout",
    owner="team-checkout",
    image="ghcr.io/open-telemetry/demo",
    ports=(Port.grpc(5050),),
    description="Places orders: prices, charges, ships, confirms",
    tier=1,
    repository="https://github.com/open-telemetry/opentelemetry-demo",
    runbook="https://runbooks.shop.example.com/checkout",
    env={"CHECKOUT_PORT": 5050, "GOMEMLIMIT": "16MiB"},
    size=Resources(cpu="50m", memory="20Mi"),
    scale="M",
    readiness=Probe.grpc(),
    depends_on=(
        "cart",
        "currency",
        "payment",
        "product-catalog",
        Dependency(service="shipping", env={"SHIPPING_ADDR": "http://{address}"}),
        Dependency(service="email", env={"EMAIL_ADDR": "http://{address}"}),
        "kafka",
        Dependency(service="flagd", env={"FLAGD_HOST": "{host}", "FLAGD_PORT": "{port}"}),
    ),
)
