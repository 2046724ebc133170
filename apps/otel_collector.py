"""OpenTelemetry Collector: receives the traces, metrics and logs of all services."""

import json

from constructs_lib import Config, Metrics, Port, Probe, Resources, Service

_PIPELINE = {"receivers": ["otlp"], "processors": ["memory_limiter", "batch"], "exporters": ["debug"]}
_CONFIG = {
    "extensions": {"health_check": {"endpoint": "0.0.0.0:13133"}},
    "receivers": {
        "otlp": {
            "protocols": {
                "grpc": {"endpoint": "0.0.0.0:4317"},
                "http": {"endpoint": "0.0.0.0:4318", "cors": {"allowed_origins": ["http://*", "https://*"]}},
            }
        }
    },
    "processors": {
        "memory_limiter": {"check_interval": "5s", "limit_percentage": 80, "spike_limit_percentage": 25},
        "batch": {},
    },
    "connectors": {"spanmetrics": {}},
    "exporters": {"debug": {}},
    "service": {
        "extensions": ["health_check"],
        "pipelines": {
            "traces": {**_PIPELINE, "exporters": ["debug", "spanmetrics"]},
            "metrics": {**_PIPELINE, "receivers": ["otlp", "spanmetrics"]},
            "logs": _PIPELINE,
        },
        "telemetry": {
            "metrics": {"readers": [{"pull": {"exporter": {"prometheus": {"host": "0.0.0.0", "port": 8888}}}}]}
        },
    },
}

SERVICE = Service(
    name="otel-collector",
    owner="team-platform",
    image="ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-contrib",
    ports=(Port.grpc(4317), Port.http(4318), Port.http(13133, "health")),
    description="Takes telemetry of all services by OTLP",
    repository="https://github.com/open-telemetry/opentelemetry-demo",
    runbook="https://runbooks.shop.example.com/otel-collector",
    env={"GOMEMLIMIT": "160MiB"},
    configs=(
        Config(name="pipeline", mount="/etc/otelcol-contrib", data={"config.yaml": json.dumps(_CONFIG, indent=2)}),
    ),
    size=Resources(cpu="100m", memory="200Mi"),
    readiness=Probe.http("/", port="health"),
    route=None,
    metrics=Metrics(port=8888),
    telemetry=False,
)
