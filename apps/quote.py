"""Quote: calculates shipping costs."""

from constructs_lib import Dependency, Port, Resources, Service

SERVICE = Service(
    name="quote",
    owner="team-checkout",
    image="ghcr.io/open-telemetry/demo",
    ports=(Port.http(8090),),
    description="Calculates the cost of shipping",
    tier=1,
    repository="https://github.com/open-telemetry/opentelemetry-demo",
    runbook="https://runbooks.shop.example.com/quote",
    env={
        "QUOTE_PORT": 8090,
        "IPV6_ENABLED": "false",
        "OTEL_PHP_AUTOLOAD_ENABLED": "true",
        "OTEL_PHP_INTERNAL_METRICS_ENABLED": "true",
    },
    size=Resources(cpu="50m", memory="40Mi"),
    scale="M",
    depends_on=(
        # The image has no PHP extension for gRPC.
        Dependency(
            service="otel-collector",
            port="http",
            env={"OTEL_EXPORTER_OTLP_ENDPOINT": "http://{address}", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"},
        ),
    ),
)
