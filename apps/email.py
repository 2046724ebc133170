"""Email: confirms orders by mail."""

from constructs_lib import Dependency, Port, Resources, Service

SERVICE = Service(
    name="email",
    owner="team-checkout",
    image="ghcr.io/open-telemetry/demo",
    ports=(Port.http(6060),),
    description="Sends the confirmation of an order",
    repository="https://github.com/open-telemetry/opentelemetry-demo",
    runbook="https://runbooks.shop.example.com/email",
    env={"EMAIL_PORT": 6060, "APP_ENV": "production"},
    size=Resources(cpu="50m", memory="100Mi"),
    depends_on=(
        Dependency(service="flagd", env={"FLAGD_HOST": "{host}", "FLAGD_PORT": "{port}"}),
        # The Ruby exporter speaks OTLP over HTTP only.
        Dependency(
            service="otel-collector",
            port="http",
            env={"OTEL_EXPORTER_OTLP_ENDPOINT": "http://{address}", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"},
        ),
    ),
)
