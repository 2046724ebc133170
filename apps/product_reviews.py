"""Product reviews: stores and summarizes the reviews of customers."""

from constructs_lib import Database, Dependency, Port, Probe, Resources, Secret, SecretKey, Service

SERVICE = Service(
    name="product-reviews",
    owner="team-catalog",
    image="ghcr.io/open-telemetry/demo",
    ports=(Port.grpc(3551),),
    description="Returns reviews of products and answers questions about them",
    repository="https://github.com/open-telemetry/opentelemetry-demo",
    runbook="https://runbooks.shop.example.com/product-reviews",
    env={
        "DB_HOST": SecretKey(secret="database", key="host"),
        "DB_PORT": SecretKey(secret="database", key="port"),
        "DB_NAME": SecretKey(secret="database", key="dbname"),
        "DB_USERNAME": SecretKey(secret="database", key="username"),
        "DB_PASSWORD": SecretKey(secret="database", key="password"),
        "DB_CONNECTION_STRING": (
            "host=$(DB_HOST) port=$(DB_PORT) user=$(DB_USERNAME) password=$(DB_PASSWORD) dbname=$(DB_NAME)"
        ),
        "PRODUCT_REVIEWS_PORT": 3551,
        "LLM_MODEL": "astronomy-llm",
        "OPENAI_API_KEY": SecretKey(secret="llm", key="api-key"),
        "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python",
        "OTEL_PYTHON_LOG_CORRELATION": "true",
        "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "true",
    },
    secrets=(Secret(name="llm", keys={"api-key": "product-reviews/llm#api-key"}),),
    size=Resources(cpu="50m", memory="100Mi"),
    readiness=Probe.grpc(),
    depends_on=(
        "product-catalog",
        Dependency(
            service="llm",
            env={"LLM_HOST": "{host}", "LLM_PORT": "{port}", "LLM_BASE_URL": "http://{address}/v1"},
        ),
        Dependency(service="flagd", env={"FLAGD_HOST": "{host}", "FLAGD_PORT": "{port}"}),
    ),
    database=Database(name="product_reviews", owner="product_reviews"),
)
