"""Fraud detection: looks for suspicious orders."""

from constructs_lib import Dependency, Resources, Service

SERVICE = Service(
    name="fraud-detection",
    owner="team-payments",
    image="ghcr.io/open-telemetry/demo",
    description="Consumes orders from Kafka and judges them",
    repository="https://github.com/open-telemetry/opentelemetry-demo",
    runbook="https://runbooks.shop.example.com/fraud-detection",
    env={
        "OTEL_INSTRUMENTATION_KAFKA_EXPERIMENTAL_SPAN_ATTRIBUTES": "true",
        "OTEL_INSTRUMENTATION_MESSAGING_EXPERIMENTAL_RECEIVE_TELEMETRY_ENABLED": "true",
    },
    size=Resources(cpu="100m", memory="300Mi"),
    depends_on=(
        "kafka",
        Dependency(service="flagd", env={"FLAGD_HOST": "{host}", "FLAGD_PORT": "{port}"}),
    ),
)
