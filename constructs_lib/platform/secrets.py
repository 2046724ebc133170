"""Where secrets come from: the secret store, and the databases' own credentials."""

from __future__ import annotations

from cdk8s_plus_27 import k8s
from constructs import Construct

from ..parts.names import DATABASE_STORE, DATABASES, SECRET_STORE
from ..parts.objects import Manifest, Meta
from ..values.environment import Environment, Role

_READER = "credentials-reader"


class SecretStores(Construct):
    """Two ClusterSecretStores; only the services' and the gateways' namespaces may use them."""

    def __init__(self, scope: Construct, environment: Environment, role: Role) -> None:
        super().__init__(scope, "secrets")
        self._environment = environment
        cluster = environment.cluster_name(role)
        account = {"name": "external-secrets", "namespace": "external-secrets"}
        vault = {
            "server": f"https://vault.{environment.domain}",
            "path": "secret",
            "version": "v2",
            "auth": {"kubernetes": {"mountPath": cluster, "role": cluster, "serviceAccountRef": account}},
        }
        self._store(SECRET_STORE, {"vault": vault}, [environment.namespace, "gateways"])
        databases = {
            "remoteNamespace": DATABASES,
            "server": {
                "caProvider": {
                    "type": "ConfigMap",
                    "name": "kube-root-ca.crt",
                    "key": "ca.crt",
                    "namespace": DATABASES,
                }
            },
            "auth": {"serviceAccount": {"name": _READER, "namespace": DATABASES}},
        }
        self._store(DATABASE_STORE, {"kubernetes": databases}, [environment.namespace])
        self._reader()

    def _store(self, name: str, provider: dict[str, object], allowed: list[str]) -> None:
        spec = {"provider": provider, "conditions": [{"namespaces": allowed}]}
        Manifest(self, "external-secrets.io/v1", "ClusterSecretStore", Meta(name), spec=spec)

    def _reader(self) -> None:
        about = Meta(_READER, DATABASES, {"app.kubernetes.io/managed-by": "desired"})
        k8s.KubeServiceAccount(self, "ServiceAccount", metadata=about.typed(), automount_service_account_token=False)
        rules = [
            k8s.PolicyRule(api_groups=[""], resources=["secrets"], verbs=["get", "list", "watch"]),
            k8s.PolicyRule(
                api_groups=["authorization.k8s.io"], resources=["selfsubjectrulesreviews"], verbs=["create"]
            ),
        ]
        k8s.KubeRole(self, "Role", metadata=about.typed(), rules=rules)
        k8s.KubeRoleBinding(
            self,
            "RoleBinding",
            metadata=about.typed(),
            role_ref=k8s.RoleRef(api_group="rbac.authorization.k8s.io", kind="Role", name=_READER),
            subjects=[k8s.Subject(kind="ServiceAccount", name=_READER, namespace=DATABASES)],
        )
