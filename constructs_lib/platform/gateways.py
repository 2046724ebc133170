"""Creates the external and the internal Gateway, and the proxies that Envoy Gateway runs for them."""

from __future__ import annotations

from constructs import Construct

from ..parts.names import (
    EXTERNAL,
    GATEWAY_CLASS,
    GATEWAYS,
    HTTP_PORT,
    HTTPS_PORT,
    INTERNAL,
    INTERNAL_PORT,
    SECRET_STORE,
)
from ..parts.objects import Manifest, Meta
from ..values.data import Json
from ..values.environment import Environment, Role

_GATEWAY_API = "gateway.networking.k8s.io/v1"
_ENVOY_API = "gateway.envoyproxy.io/v1alpha1"
_CERTIFICATE = "gateway-certificate"


class Gateways(Construct):
    """Two Gateways of one class. The Service of each Gateway has a fixed name, to which aliases point."""

    def __init__(self, scope: Construct, environment: Environment, role: Role) -> None:
        super().__init__(scope, "gateways")
        self._environment, self._role = environment, role
        self._gateway_class()
        self._certificate()
        self._gateway(INTERNAL, [self._listener("http", INTERNAL_PORT, "HTTP")], "ClusterIP")
        self._gateway(EXTERNAL, [self._redirecting(), self._encrypted()], "LoadBalancer")
        self._redirect()

    def _gateway_class(self) -> None:
        spec = {"controllerName": "gateway.envoyproxy.io/gatewayclass-controller"}
        Manifest(self, _GATEWAY_API, "GatewayClass", Meta(GATEWAY_CLASS), spec=spec)

    def _gateway(self, name: str, listeners: list[Json], service_type: str) -> None:
        parameters = {"group": "gateway.envoyproxy.io", "kind": "EnvoyProxy", "name": name}
        spec = {
            "gatewayClassName": GATEWAY_CLASS,
            "infrastructure": {"parametersRef": parameters},
            "listeners": listeners,
        }
        Manifest(self, _GATEWAY_API, "Gateway", Meta(name, GATEWAYS), spec=spec)
        Manifest(self, _ENVOY_API, "EnvoyProxy", Meta(name, GATEWAYS), spec=self._proxies(name, service_type))

    def _proxies(self, name: str, service_type: str) -> Json:
        scale = self._environment.cluster(self._role).gateway_replicas
        kubernetes: Json = {
            "envoyService": {"name": name, "type": service_type},
            "envoyPDB": {"maxUnavailable": 1},
        }
        if scale.is_fixed:
            kubernetes["envoyDeployment"] = {"replicas": scale.min}
        else:
            kubernetes["envoyHpa"] = {"minReplicas": scale.min, "maxReplicas": scale.max}
        return {
            "provider": {"type": "Kubernetes", "kubernetes": kubernetes},
            "shutdown": {"drainTimeout": "60s", "minDrainDuration": "10s"},
            "logging": {"level": {"default": "warn"}},
        }

    def _listener(self, name: str, port: int, protocol: str) -> Json:
        selector = {"matchLabels": {"kubernetes.io/metadata.name": self._environment.namespace}}
        return {
            "name": name,
            "port": port,
            "protocol": protocol,
            "allowedRoutes": {"namespaces": {"from": "Selector", "selector": selector}},
        }

    def _encrypted(self) -> Json:
        return {
            **self._listener("https", HTTPS_PORT, "HTTPS"),
            "hostname": f"*.{self._environment.domain}",
            "tls": {"mode": "Terminate", "certificateRefs": [{"name": _CERTIFICATE}]},
        }

    def _redirecting(self) -> Json:
        listener = self._listener("http", HTTP_PORT, "HTTP")
        return {**listener, "allowedRoutes": {"namespaces": {"from": "Same"}}}

    def _redirect(self) -> None:
        redirect = {"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}
        spec = {
            "parentRefs": [{"name": EXTERNAL, "sectionName": "http"}],
            "rules": [{"filters": [redirect]}],
        }
        Manifest(self, _GATEWAY_API, "HTTPRoute", Meta("redirect-to-https", GATEWAYS), spec=spec)

    def _certificate(self) -> None:
        spec = {
            "refreshInterval": "1h0m0s",
            "secretStoreRef": {"kind": "ClusterSecretStore", "name": SECRET_STORE},
            "target": {
                "name": _CERTIFICATE,
                "creationPolicy": "Owner",
                "deletionPolicy": "Retain",
                "template": {"type": "kubernetes.io/tls"},
            },
            "data": [
                {"secretKey": key, "remoteRef": {"key": self._environment.certificate, "property": key}}
                for key in ("tls.crt", "tls.key")
            ],
        }
        Manifest(self, "external-secrets.io/v1", "ExternalSecret", Meta(_CERTIFICATE, GATEWAYS), spec=spec)
