"""Frontend: the pages of the shop."""

from constructs_lib import Dependency, Port, Resources, Service, Volume

SERVICE = Service(
    name="frontend",
    owner="team-storefront",
    image="ghcr.io/open-telemetry/demo",
    ports=(Port.http(8080),),
    description="Renders the shop and is the API of its pages",
    tier=1,
    repository="https://github.com/open-telemetry/opentelemetry-demo",
    runbook="https://runbooks.shop.example.com/frontend",
    env={
        "PORT": 8080,
        "FRONTEND_ADDR": ":8080",
        "ENV_PLATFORM": "kubernetes",
        "WEB_OTEL_SERVICE_NAME": "frontend-web",
        # The browser sends traces to the host of the page, in every environment.
        "PUBLIC_OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "/otlp-http/v1/traces",
    },
    volumes=(Volume.scratch("/app/.next/cache", "64Mi"),),
    size=Resources(cpu="100m", memory="250Mi"),
    scale="L",
    depends_on=(
        "ad",
        "cart",
        "checkout",
        "currency",
        "product-catalog",
        "product-reviews",
        "recommendation",
        Dependency(service="shipping", env={"SHIPPING_ADDR": "http://{address}"}),
        Dependency(service="flagd", env={"FLAGD_HOST": "{host}", "FLAGD_PORT": "{port}"}),
        # Pages for the load generator contain this address: its browser sends traces directly to the collector.
        Dependency(service="otel-collector", port="http", env={"OTEL_COLLECTOR_HOST": "{host}"}),
    ),
)
