"""Accounting: writes every order into the books."""

from constructs_lib import Database, Resources, SecretKey, Service, Volume

SERVICE = Service(
    name="accounting",
    owner="team-payments",
    image="ghcr.io/open-telemetry/demo",
    description="Consumes orders from Kafka and stores them for the books",
    repository="https://github.com/open-telemetry/opentelemetry-demo",
    runbook="https://runbooks.shop.example.com/accounting",
    # NuGet makes the script executable only for its owner, and the service runs as another user.
    command=("sh", "./instrument.sh", "dotnet", "Accounting.dll"),
    env={
        "DB_HOST": SecretKey(secret="database", key="host"),
        "DB_PORT": SecretKey(secret="database", key="port"),
        "DB_NAME": SecretKey(secret="database", key="dbname"),
        "DB_USERNAME": SecretKey(secret="database", key="username"),
        "DB_PASSWORD": SecretKey(secret="database", key="password"),
        "DB_CONNECTION_STRING": (
            "Host=$(DB_HOST);Port=$(DB_PORT);Username=$(DB_USERNAME);Password=$(DB_PASSWORD);Database=$(DB_NAME)"
        ),
        "OTEL_DOTNET_AUTO_TRACES_ENTITYFRAMEWORKCORE_INSTRUMENTATION_ENABLED": "false",
    },
    volumes=(Volume.scratch("/var/log/opentelemetry", "64Mi"),),
    size=Resources(cpu="50m", memory="120Mi"),
    depends_on=("kafka",),
    database=Database(name="accounting", owner="accounting"),
)
