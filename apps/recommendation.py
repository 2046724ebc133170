"""Recommendation: suggests products to customers."""

from constructs_lib import Dependency, Port, Probe, Resources, Service

SERVICE = Service(
    name="recommendation",
    owner="team-catalog",
    image="ghcr.io/open-telemetry/demo",
    ports=(Port.grpc(9001),),
    description="Recommends products beside those that are looked at",
    repository="https://github.com/open-telemetry/opentelemetry-demo",
    runbook="https://runbooks.shop.example.com/recommendation",
    env={
        "RECOMMENDATION_PORT": 9001,
        "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python",
        "OTEL_PYTHON_LOG_CORRELATION": "true",
    },
    size=Resources(cpu="100m", memory="500Mi"),
    readiness=Probe.grpc(),
    depends_on=(
        "product-catalog",
        Dependency(service="flagd", env={"FLAGD_HOST": "{host}", "FLAGD_PORT": "{port}"}),
    ),
)
