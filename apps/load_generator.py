"""Load generator: simulates customers of the shop."""

from constructs_lib import Dependency, Port, Resources, Scale, Service, Volume

SERVICE = Service(
    name="load-generator",
    owner="team-platform",
    image="ghcr.io/open-telemetry/demo",
    ports=(Port.http(8089),),
    description="Visits the shop as customers and browsers do, with Locust",
    tier=3,
    repository="https://github.com/open-telemetry/opentelemetry-demo",
    runbook="https://runbooks.shop.example.com/load-generator",
    env={
        "LOCUST_WEB_HOST": "0.0.0.0",
        "LOCUST_WEB_PORT": 8089,
        "LOCUST_USERS": 10,
        "LOCUST_SPAWN_RATE": 1,
        "LOCUST_HEADLESS": "false",
        "LOCUST_AUTOSTART": "true",
        "LOCUST_BROWSER_TRAFFIC_ENABLED": "true",
        "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python",
        # Chromium needs more space than /tmp has, and a home folder.
        "TMPDIR": "/var/tmp",
        "HOME": "/var/tmp",
    },
    volumes=(Volume.scratch("/var/tmp", "1Gi"),),
    size=Resources(cpu="500m", memory="1500Mi"),
    scale=Scale.fixed(1),
    depends_on=(
        Dependency(
            service="frontend-proxy",
            env={"LOCUST_HOST": "http://{address}"},
            upward="It plays the customers, so it enters where they do.",
        ),
        Dependency(service="flagd", env={"FLAGD_HOST": "{host}", "FLAGD_PORT": "{port}"}),
        Dependency(service="flagd", port="ofrep", env={"FLAGD_OFREP_PORT": "{port}"}),
        # Its browser sends the traces of pages over HTTP; the program itself uses gRPC.
        Dependency(service="otel-collector", port="http"),
    ),
)
