"""Valkey: stores the shopping carts."""

from constructs_lib import Port, Resources, Scale, Service, Volume

SERVICE = Service(
    name="valkey-cart",
    owner="team-checkout",
    image="docker.io/valkey/valkey",
    ports=(Port.tcp(6379),),
    description="Holds the carts in memory",
    tier=1,
    repository="https://github.com/open-telemetry/opentelemetry-demo",
    runbook="https://runbooks.shop.example.com/valkey-cart",
    volumes=(Volume.scratch("/data", "256Mi"),),
    size=Resources(cpu="50m", memory="20Mi"),
    # Two pods would hold different carts.
    scale=Scale.fixed(1),
    telemetry=False,
)
