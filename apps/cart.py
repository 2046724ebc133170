"""Cart: keeps the shopping carts."""

from constructs_lib import Dependency, Port, Probe, Resources, Service

SERVICE = Service(
    name="cart",
    owner="team-checkout",
    image="ghcr.io/open-telemetry/demo",
    ports=(Port.grpc(7070),),
    description="Keeps what customers put into their carts",
    tier=1,
    repository="https://github.com/open-telemetry/opentelemetry-demo",
    runbook="https://runbooks.shop.example.com/cart",
    env={"CART_PORT": 7070, "ASPNETCORE_URLS": "http://*:$(CART_PORT)"},
    size=Resources(cpu="100m", memory="160Mi"),
    scale="M",
    readiness=Probe.grpc(),
    depends_on=(
        Dependency(service="valkey-cart", env={"VALKEY_ADDR": "{address}"}),
        Dependency(service="flagd", env={"FLAGD_HOST": "{host}", "FLAGD_PORT": "{port}"}),
    ),
)
