"""Creates the secret stores: one for the vault, and one for the credentials of the databases."""

from __future__ import annotations

from constructs import Construct

from ..kubernetes import PolicyRule, RoleRef, Subject
from ..parts.names import DATABASE_STORE, DATABASES, SECRET_STORE
from ..parts.objects import Manifest, Meta
from ..values.environment import Environment, Role

_READER = "credentials-reader"


class SecretStores(Construct):
    """Two ClusterSecretStores. The services may use both; the gateways may use only the vault."""

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
        Manifest(self, "v1", "ServiceAccount", about, automountServiceAccountToken=False)
        rules = [
            PolicyRule(apiGroups=[""], resources=["secrets"], verbs=["get", "list", "watch"]),
            PolicyRule(apiGroups=["authorization.k8s.io"], resources=["selfsubjectrulesreviews"], verbs=["create"]),
        ]
        Manifest(self, "rbac.authorization.k8s.io/v1", "Role", about, rules=rules)
        Manifest(
            self,
            "rbac.authorization.k8s.io/v1",
            "RoleBinding",
            about,
            roleRef=RoleRef(apiGroup="rbac.authorization.k8s.io", kind="Role", name=_READER),
            subjects=[Subject(kind="ServiceAccount", name=_READER, namespace=DATABASES)],
        )
