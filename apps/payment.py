"""Payment: charges credit cards."""

from constructs_lib import Dependency, Port, Probe, Resources, Service

SERVICE = Service(
    name="payment",
    owner="team-payments",
    image="ghcr.io/open-telemetry/demo",
    ports=(Port.grpc(50051),),
    description="Charges credit cards",
    tier=1,
    repository="https://github.com/open-telemetry/opentelemetry-demo",
    runbook="https://runbooks.shop.example.com/payment",
    env={"PAYMENT_PORT": 50051, "IPV6_ENABLED": "false"},
    size=Resources(cpu="50m", memory="140Mi"),
    scale="M",
    readiness=Probe.grpc(),
    depends_on=(Dependency(service="flagd", env={"FLAGD_HOST": "{host}", "FLAGD_PORT": "{port}"}),),
)
