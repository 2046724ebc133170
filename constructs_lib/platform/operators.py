"""Creates the Flux objects that install the operators of a cluster, from charts by digest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from constructs import Construct

from ..parts.names import ENVOY_SYSTEM, FLUX, MONITORING
from ..parts.objects import Manifest, Meta
from ..values.data import Json
from ..values.environment import Environment, Role
from .monitoring import VALUES


@dataclass(frozen=True)
class Operator:
    """An operator: a chart in an OCI registry, with its version and values."""

    name: str
    namespace: str
    chart: str
    version: str
    values: Json = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """A placeholder digest, `sha256:0000…`. Replace it by the output of `crane digest <chart>:<version>`."""
        return "sha256:" + "0" * 56 + hashlib.sha256(f"{self.chart}:{self.version}".encode()).hexdigest()[:8]


OPERATORS = (
    Operator("envoy-gateway", ENVOY_SYSTEM, "oci://docker.io/envoyproxy/gateway-helm", "v1.8.0"),
    Operator(
        "external-secrets",
        "external-secrets",
        "oci://ghcr.io/external-secrets/charts/external-secrets",
        "1.3.2",
        {"installCRDs": True},
    ),
    Operator(
        "prometheus-operator",
        MONITORING,
        "oci://ghcr.io/prometheus-community/charts/kube-prometheus-stack",
        "79.5.0",
        VALUES,
    ),
    Operator("cloudnative-pg", "cnpg-system", "oci://ghcr.io/cloudnative-pg/charts/cloudnative-pg", "0.27.0"),
    # This plugin archives and backs up the databases. cert-manager issues its certificates.
    Operator("plugin-barman-cloud", "cnpg-system", "oci://ghcr.io/cloudnative-pg/charts/plugin-barman-cloud", "0.6.0"),
    Operator(
        "cert-manager",
        "cert-manager",
        "oci://quay.io/jetstack/charts/cert-manager",
        "v1.21.2",
        {"crds": {"enabled": True}},
    ),
)


class Operators(Construct):
    """An OCIRepository and a HelmRelease for each operator."""

    def __init__(self, scope: Construct, environment: Environment, role: Role) -> None:
        super().__init__(scope, "operators")
        for operator in OPERATORS:
            about = Meta(operator.name, FLUX)
            source = {
                "url": operator.chart,
                "ref": {"digest": operator.digest},
                "interval": "1h",
                "layerSelector": {
                    "mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
                    "operation": "copy",
                },
            }
            Manifest(self, "source.toolkit.fluxcd.io/v1", "OCIRepository", about, spec=source)
            Manifest(self, "helm.toolkit.fluxcd.io/v2", "HelmRelease", about, spec=self._release(operator))

    def _release(self, operator: Operator) -> Json:
        retried = {"remediation": {"retries": 3}}
        return {
            "chartRef": {"kind": "OCIRepository", "name": operator.name},
            "targetNamespace": operator.namespace,
            "releaseName": operator.name,
            "interval": "10m",
            "driftDetection": {"mode": "enabled"},
            "install": {"crds": "CreateReplace", **retried},
            "upgrade": {"crds": "CreateReplace", **retried},
            **({"values": operator.values} if operator.values else {}),
        }
