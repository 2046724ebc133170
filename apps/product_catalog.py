"""Product catalog: lists the products of the shop."""

from constructs_lib import Database, Dependency, Port, Probe, Resources, SecretKey, Service

SERVICE = Service(
    name="product-catalog",
    owner="team-catalog",
    image="ghcr.io/open-telemetry/demo",
    ports=(Port.grpc(3550),),
    description="Lists, finds and describes products",
    tier=1,
    repository="https://github.com/open-telemetry/opentelemetry-demo",
    runbook="https://runbooks.shop.example.com/product-catalog",
    env={
        "PRODUCT_CATALOG_PORT": 3550,
        "GOMEMLIMIT": "16MiB",
        "OTEL_SEMCONV_STABILITY_OPT_IN": "database",
        "DB_CONNECTION_STRING": SecretKey(secret="database", key="uri"),
    },
    size=Resources(cpu="50m", memory="20Mi"),
    scale="M",
    readiness=Probe.grpc(),
    depends_on=(Dependency(service="flagd", env={"FLAGD_HOST": "{host}", "FLAGD_PORT": "{port}"}),),
    database=Database(name="product_catalog", owner="product_catalog"),
)
