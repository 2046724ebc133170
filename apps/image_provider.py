"""Image provider: serves the pictures of the products."""

from constructs_lib import Dependency, Port, Probe, Resources, Service

SERVICE = Service(
    name="image-provider",
    owner="team-storefront",
    image="ghcr.io/open-telemetry/demo",
    ports=(Port.http(8081),),
    description="Serves the pictures of the products",
    repository="https://github.com/open-telemetry/opentelemetry-demo",
    runbook="https://runbooks.shop.example.com/image-provider",
    # The image writes its configuration to /etc/nginx. In another folder, its relative include must be absolute.
    command=(
        "/bin/sh",
        "-c",
        "envsubst '$OTEL_COLLECTOR_HOST $IMAGE_PROVIDER_PORT $OTEL_COLLECTOR_PORT_GRPC $OTEL_SERVICE_NAME'"
        " < /nginx.conf.template | sed 's#include mime.types#include /etc/nginx/mime.types#' > /tmp/nginx.conf"
        " && exec nginx -c /tmp/nginx.conf -g 'daemon off;'",
    ),
    env={"IMAGE_PROVIDER_PORT": 8081},
    size=Resources(cpu="50m", memory="120Mi"),
    readiness=Probe.http("/status"),
    depends_on=(
        Dependency(
            service="otel-collector",
            port="grpc",
            env={"OTEL_COLLECTOR_HOST": "{host}", "OTEL_COLLECTOR_PORT_GRPC": "{port}"},
        ),
    ),
)
