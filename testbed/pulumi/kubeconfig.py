"""A cluster's API server from the text of a kubeconfig, as people, Cluster API and cloud providers write them."""

import base64
import os
import ssl
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from ..api import Api

AMBIENT = "KUBECONFIG"
"""The variable of the environment that names a file; without it, it is the one in the home folder."""


class BadKubeconfig(Exception):
    """It does not say which server, or who asks."""


class Active(NamedTuple):
    """What the current context of a kubeconfig comes to."""

    cluster: dict[str, Any]
    user: dict[str, Any]
    namespace: str
    folder: Path
    """What relative paths in it start from."""


def connect(kubeconfig: str | None) -> Api:
    """The API server that a kubeconfig (its text, or the path of a file) leads to; the ambient one for None."""
    found = active(kubeconfig)
    server = found.cluster.get("server")
    if not server:
        raise BadKubeconfig("the kubeconfig names no server in its current cluster")
    _refuse_plugins(found.user)
    try:
        context = _context(found)
    except (ssl.SSLError, ValueError, OSError) as error:
        raise BadKubeconfig(f"the certificates in the kubeconfig of {server} cannot be read: {error}") from None
    return Api(str(server), context, _token(found), str(found.cluster.get("tls-server-name") or ""))


def active(kubeconfig: str | None, context: str = "", cluster: str = "") -> Active:
    """The cluster, the user and the namespace of the current context, or of the named one. Raises `BadKubeconfig`."""
    content, folder = _content(kubeconfig)
    chosen = _entry(content, "context", context or content.get("current-context") or "")
    return Active(
        _entry(content, "cluster", cluster or chosen.get("cluster", "")),
        _entry(content, "user", chosen["user"]) if chosen.get("user") else {},
        chosen.get("namespace") or "default",
        folder,
    )


def _content(kubeconfig: str | None) -> tuple[dict[str, Any], Path]:
    if kubeconfig is None:
        kubeconfig = os.environ.get(AMBIENT) or str(Path.home() / ".kube" / "config")
    folder = Path()
    if "\n" not in kubeconfig and not kubeconfig.lstrip().startswith("{"):
        path = Path(kubeconfig)
        if not path.is_file():
            raise BadKubeconfig(f"there is no kubeconfig {path}; set {AMBIENT}, or the provider's kubeconfig")
        kubeconfig, folder = path.read_text(encoding="utf-8"), path.parent
    try:
        content = yaml.safe_load(kubeconfig)
    except yaml.YAMLError:
        content = None
    if not isinstance(content, dict):
        raise BadKubeconfig("the kubeconfig is no YAML mapping")  # its text may be a secret: not shown
    return content, folder


def _entry(content: dict[str, Any], what: str, name: str) -> dict[str, Any]:
    for entry in content.get(f"{what}s") or ():
        if entry.get("name") == name:
            return dict(entry.get(what) or {})
    raise BadKubeconfig(f"the kubeconfig has no {what} named {name!r}")


def _refuse_plugins(user: dict[str, Any]) -> None:
    if plugins := user.keys() & {"exec", "auth-provider", "username"}:
        raise BadKubeconfig(f"this monitor reads tokens and certificates, and the kubeconfig has {min(plugins)!r}")


def _token(found: Active) -> str:
    if file := found.user.get("tokenFile"):
        return (found.folder / str(file)).read_text(encoding="utf-8").strip()
    return str(found.user.get("token") or "")


def _context(found: Active) -> ssl.SSLContext:
    authority = _bytes(found, found.cluster, "certificate-authority")
    context = ssl.create_default_context(cadata=authority.decode() if authority else None)
    if found.cluster.get("insecure-skip-tls-verify"):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    certificate, key = (_bytes(found, found.user, name) for name in ("client-certificate", "client-key"))
    if certificate and key:
        _load(context, certificate + b"\n" + key)
    return context


def _bytes(found: Active, part: dict[str, Any], name: str) -> bytes | None:
    if data := part.get(f"{name}-data"):
        return base64.b64decode(data)
    return (found.folder / part[name]).read_bytes() if part.get(name) else None


def _load(context: ssl.SSLContext, pem: bytes) -> None:
    """Python loads a client's key from a file alone: one that only its owner can read, and gone at once."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(pem)
        file.flush()
        context.load_cert_chain(file.name)
