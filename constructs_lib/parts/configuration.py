"""Creates ConfigMaps, whose names contain a hash of their content, and ExternalSecrets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from constructs import Construct

from ..values import Config, Secret
from ..values.resolved_service import ResolvedService
from ..values.service import DATABASE_KEYS
from .labels import meta
from .names import DATABASE_STORE, SECRET_STORE, database_secret, slot_name
from .objects import Manifest


def config_map_name(resolved: ResolvedService, slot: str, config: Config) -> str:
    """Return `<service>-<slot>-<config>-<hash>`. A new content makes a new object, which restarts the pods."""
    digest = hashlib.sha256(json.dumps(config.data, sort_keys=True).encode()).hexdigest()[:10]
    return f"{slot_name(resolved.service.name, slot)}-{config.name}-{digest}"


def secret_name(resolved: ResolvedService, slot: str, secret: Secret) -> str:
    """Return the name of the Secret, which is also the name of the ExternalSecret that fills it."""
    return f"{slot_name(resolved.service.name, slot)}-{secret.name}"


def config_maps(scope: Construct, resolved: ResolvedService, slot: str) -> None:
    """Add an immutable ConfigMap for each config of the service."""
    for config in resolved.service.configs:
        about = meta(resolved, config_map_name(resolved, slot, config), slot)
        # Sorted, as for the hash: the order of the entries in apps/ does not matter.
        Manifest(scope, "v1", "ConfigMap", about, data=dict(sorted(config.data.items())), immutable=True)


def external_secrets(scope: Construct, resolved: ResolvedService, slot: str) -> None:
    """Add an ExternalSecret for each secret of the service."""
    for secret in resolved.service.secrets:
        name = secret_name(resolved, slot, secret)
        _external_secret(scope, resolved, slot, name, SECRET_STORE, dict(secret.keys))


def database_credentials(scope: Construct, specs: Sequence[ResolvedService]) -> None:
    """Add the secret with the address and password of the service's database. `stacks/` stores them with the database.

    `specs` are the specs of its slots. The secret is added if any of them has a database.
    """
    resolved = specs[0]
    if any(each.database for each in specs):
        remote = {key: f"{resolved.service.name}#{key}" for key in DATABASE_KEYS}
        _external_secret(scope, resolved, "", database_secret(resolved.service.name), DATABASE_STORE, remote)


def _external_secret(
    scope: Construct, resolved: ResolvedService, slot: str, name: str, store: str, keys: dict[str, str]
) -> None:
    data = []
    for key, entry in keys.items():
        remote, _, prop = entry.partition("#")
        data.append({"secretKey": key, "remoteRef": {"key": remote, **({"property": prop} if prop else {})}})
    Manifest(
        scope,
        "external-secrets.io/v1",
        "ExternalSecret",
        meta(resolved, name, slot),
        spec={
            "refreshInterval": "1h0m0s",
            "secretStoreRef": {"kind": "ClusterSecretStore", "name": store},
            "target": {"name": name, "creationPolicy": "Owner", "deletionPolicy": "Retain"},
            "data": data,
        },
    )
