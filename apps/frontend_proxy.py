"""Frontend proxy: the entry point of the shop, an Envoy that routes requests by path."""

import json

from constructs_lib import Config, Dependency, ExternalRoute, Port, Resources, Route, Service

_EXTENSIONS = "type.googleapis.com/envoy.extensions"
_HTTP_PROTOCOL = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def _cluster(name: str, host: str, port: str, **more: object) -> dict[str, object]:
    endpoint = {"address": {"socket_address": {"address": f"${{{host}}}", "port_value": f"${{{port}}}"}}}
    return {
        "name": name,
        "type": "STRICT_DNS",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}]},
        **more,
    }


def _below(prefix: str, cluster: str, **more: object) -> dict[str, object]:
    # The internal gateway selects a service by host name, so do not forward the customer's host name.
    return {"match": {"prefix": prefix}, "route": {"cluster": cluster, "auto_host_rewrite": True, **more}}


_ROUTES = [
    {"match": {"path": "/loadgen"}, "redirect": {"path_redirect": "/loadgen/"}},
    _below("/loadgen/", "load-generator", prefix_rewrite="/"),
    _below("/otlp-http/", "collector-http", prefix_rewrite="/"),
    _below("/images/", "image-provider", prefix_rewrite="/"),
    _below("/flagservice/", "flagd", prefix_rewrite="/", timeout="0s"),
    _below("/feature", "flagd-ui", prefix_rewrite="/", timeout="0s", upgrade_configs=[{"upgrade_type": "websocket"}]),
    _below("/", "frontend"),
]
_MANAGER = {
    "@type": f"{_EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager",
    "stat_prefix": "ingress_http",
    "route_config": {"virtual_hosts": [{"name": "shop", "domains": ["*"], "routes": _ROUTES}]},
    "tracing": {
        "spawn_upstream_span": True,
        "provider": {
            "name": "envoy.tracers.opentelemetry",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig",
                "grpc_service": {"envoy_grpc": {"cluster_name": "collector-grpc"}, "timeout": "0.25s"},
                "service_name": "${OTEL_SERVICE_NAME}",
            },
        },
    },
    # Delays a request by the time in its header. The flag imageSlowLoad uses this.
    "http_filters": [
        {
            "name": "envoy.filters.http.fault",
            "typed_config": {
                "@type": f"{_EXTENSIONS}.filters.http.fault.v3.HTTPFault",
                "max_active_faults": 100,
                "delay": {"header_delay": {}, "percentage": {"numerator": 100}},
            },
        },
        {
            "name": "envoy.filters.http.router",
            "typed_config": {"@type": f"{_EXTENSIONS}.filters.http.router.v3.Router"},
        },
    ],
}
_HTTP2 = {
    _HTTP_PROTOCOL: {
        "@type": f"type.googleapis.com/{_HTTP_PROTOCOL}",
        "explicit_http_config": {"http2_protocol_options": {}},
    }
}
_ENVOY = {
    "static_resources": {
        "listeners": [
            {
                "name": "http",
                "address": {"socket_address": {"address": "0.0.0.0", "port_value": 8080}},
                "filter_chains": [
                    {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": _MANAGER}]}
                ],
            }
        ],
        "clusters": [
            _cluster("frontend", "FRONTEND_HOST", "FRONTEND_PORT"),
            _cluster("image-provider", "IMAGE_PROVIDER_HOST", "IMAGE_PROVIDER_PORT"),
            _cluster("load-generator", "LOCUST_WEB_HOST", "LOCUST_WEB_PORT"),
            _cluster("flagd", "FLAGD_HOST", "FLAGD_PORT"),
            _cluster("flagd-ui", "FLAGD_UI_HOST", "FLAGD_UI_PORT"),
            _cluster("collector-http", "OTEL_COLLECTOR_HOST", "OTEL_COLLECTOR_PORT_HTTP"),
            _cluster(
                "collector-grpc",
                "OTEL_COLLECTOR_HOST",
                "OTEL_COLLECTOR_PORT_GRPC",
                typed_extension_protocol_options=_HTTP2,
            ),
        ],
    },
    "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 10000}}},
}

SERVICE = Service(
    name="frontend-proxy",
    owner="team-storefront",
    image="ghcr.io/open-telemetry/demo",
    ports=(Port.http(8080),),
    description="Takes every request of customers and splits them by path",
    tier=1,
    repository="https://github.com/open-telemetry/opentelemetry-demo",
    runbook="https://runbooks.shop.example.com/frontend-proxy",
    command=("/bin/sh", "-c", "envsubst < /etc/shop/envoy.json > /tmp/envoy.json && exec envoy -c /tmp/envoy.json"),
    configs=(Config(name="envoy", mount="/etc/shop", data={"envoy.json": json.dumps(_ENVOY, indent=2)}),),
    size=Resources(cpu="100m", memory="65Mi"),
    scale="L",
    depends_on=(
        Dependency(service="frontend", env={"FRONTEND_HOST": "{host}", "FRONTEND_PORT": "{port}"}),
        Dependency(service="image-provider", env={"IMAGE_PROVIDER_HOST": "{host}", "IMAGE_PROVIDER_PORT": "{port}"}),
        Dependency(service="flagd", env={"FLAGD_HOST": "{host}", "FLAGD_PORT": "{port}"}),
        Dependency(service="flagd", port="ui", env={"FLAGD_UI_HOST": "{host}", "FLAGD_UI_PORT": "{port}"}),
        Dependency(
            service="load-generator",
            env={"LOCUST_WEB_HOST": "{host}", "LOCUST_WEB_PORT": "{port}"},
            cycle="It only shows the load generator's page; no request of a customer goes round.",
        ),
        Dependency(
            service="otel-collector",
            port="grpc",
            env={"OTEL_COLLECTOR_HOST": "{host}", "OTEL_COLLECTOR_PORT_GRPC": "{port}"},
        ),
        Dependency(service="otel-collector", port="http", env={"OTEL_COLLECTOR_PORT_HTTP": "{port}"}),
    ),
    # flagd streams its changes to browsers, and its page is a WebSocket.
    route=Route(timeout_seconds=0),
    external=ExternalRoute(hosts=("shop",), timeout_seconds=0),
)
