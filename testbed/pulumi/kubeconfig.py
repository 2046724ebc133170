"""Connects to the API server of a kubeconfig."""

import base64
import ssl
import tempfile
from typing import Any

import yaml

from ..api import Api


class InvalidKubeconfig(Exception):
    """The kubeconfig does not say how to reach a server. The message does not repeat it, because it is a secret."""


def connect(kubeconfig: str) -> Api:
    """The API server of the current context. Raises InvalidKubeconfig."""
    try:
        content = yaml.safe_load(kubeconfig)
        context = _entry(content, "context", content["current-context"])
        cluster, user = (_entry(content, what, context[what]) for what in ("cluster", "user"))
        trust = _trust(cluster, user)
        return Api(cluster["server"], trust, user.get("token", ""), cluster.get("tls-server-name", ""))
    except (yaml.YAMLError, KeyError, TypeError, ValueError, OSError) as error:
        raise InvalidKubeconfig(f"cannot read the kubeconfig ({type(error).__name__}); fix it and try again") from None


def _entry(content: Any, what: str, name: str) -> Any:
    return {each["name"]: each[what] for each in content[f"{what}s"]}[name]


def _trust(cluster: dict[str, str], user: dict[str, str]) -> ssl.SSLContext:
    authority = cluster.get("certificate-authority-data")
    found = ssl.create_default_context(
        cadata=base64.b64decode(authority).decode() if authority else None, cafile=cluster.get("certificate-authority")
    )
    if certificate := user.get("client-certificate-data"):
        # Python reads a client certificate from a file only. This one is private, and removed at once.
        with tempfile.NamedTemporaryFile() as file:
            file.write(base64.b64decode(certificate) + b"\n" + base64.b64decode(user["client-key-data"]))
            file.flush()
            found.load_cert_chain(file.name)
    return found
