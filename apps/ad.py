"""Ad: picks the advertisements of a page."""

from constructs_lib import Dependency, Port, Probe, Resources, Service

SERVICE = Service(
    name="ad",
    owner="team-growth",
    image="ghcr.io/open-telemetry/demo",
    ports=(Port.grpc(9555),),
    description="Serves advertisements by context keys",
    repository="https://github.com/open-telemetry/opentelemetry-demo",
    runbook="https://runbooks.shop.example.com/ad",
    env={"AD_PORT": 9555, "OTEL_LOGS_EXPORTER": "otlp"},
    size=Resources(cpu="100m", memory="300Mi"),
    readiness=Probe.grpc(),
    depends_on=(Dependency(service="flagd", env={"FLAGD_HOST": "{host}", "FLAGD_PORT": "{port}"}),),
)
