"""The stand-in reads kubeconfigs as `kubectl config view --flatten` and Cluster API write them."""

import base64
import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from testbed.pulumi.kubeconfig import InvalidKubeconfig, connect

SERVER = "https://one.example.com"


def _certificate() -> tuple[str, str]:
    """A self-signed certificate, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "it")])
    day, now = datetime.timedelta(days=1), datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
    pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return builder.sign(key, hashes.SHA256()).public_bytes(pem[0]).decode(), key.private_bytes(*pem).decode()


CERTIFICATE, KEY = _certificate()


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _kubeconfig(cluster: dict[str, Any], user: dict[str, Any]) -> str:
    content = {
        "clusters": [{"name": "other", "cluster": {"server": "https://two"}}, {"name": "it", "cluster": cluster}],
        "users": [{"name": "me", "user": user}],
        "contexts": [{"name": "now", "context": {"cluster": "it", "user": "me"}}],
        "current-context": "now",
    }
    return yaml.safe_dump(content)


def test_a_token_and_a_client_certificate_are_read(tmp_path: Path) -> None:
    file = tmp_path / "authority"
    file.write_text(CERTIFICATE, encoding="utf-8")
    connect(_kubeconfig({"server": SERVER, "certificate-authority": str(file)}, {"token": "t"}))
    user = {"client-certificate-data": _encoded(CERTIFICATE), "client-key-data": _encoded(KEY)}
    connect(_kubeconfig({"server": SERVER, "certificate-authority-data": _encoded(CERTIFICATE)}, user))


@pytest.mark.parametrize(
    "text",
    [
        "planted",
        "{",
        "current-context: now",
        _kubeconfig({}, {}),
        _kubeconfig({"server": SERVER, "certificate-authority-data": "planted"}, {}),
        _kubeconfig({"server": SERVER}, {"client-certificate-data": _encoded(CERTIFICATE)}),
    ],
)
def test_an_invalid_kubeconfig_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InvalidKubeconfig, match="cannot read the kubeconfig") as refused:
        connect(text)
    assert "planted" not in str(refused.value)
