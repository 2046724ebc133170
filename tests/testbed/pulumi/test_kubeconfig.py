"""Kubeconfigs as people and Cluster API write them."""

import base64
import datetime
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from testbed.pulumi.kubeconfig import BadKubeconfig, active, connect


def _pair() -> tuple[str, str]:
    """A certificate that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "it")])
    day, now = datetime.timedelta(days=1), datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificate.decode(), key.private_bytes(*pem).decode()


def _text(cluster: dict[str, object], user: dict[str, object], namespace: str | None = None) -> str:
    context = {"cluster": "it", "user": "me"} | ({"namespace": namespace} if namespace else {})
    return yaml.safe_dump(
        {
            "clusters": [{"name": "it", "cluster": cluster}],
            "users": [{"name": "me", "user": user}],
            "contexts": [{"name": "now", "context": context}],
            "current-context": "now",
        }
    )


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_a_client_certificate_within_the_text_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    certificate, key = _pair()
    cluster: dict[str, object] = {
        "server": "https://10.255.0.1:6443",
        "certificate-authority-data": _encoded(certificate),
        "tls-server-name": "it",
    }
    user: dict[str, object] = {
        "client-certificate-data": _encoded(certificate),
        "client-key-data": _encoded(key),
    }
    assert connect(_text(cluster, user, "shop"))
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_read_relative_to_where_it_lies(tmp_path: Path) -> None:
    certificate, _ = _pair()
    (tmp_path / "ca.crt").write_text(certificate, encoding="utf-8")
    (tmp_path / "token").write_text("secret\n", encoding="utf-8")
    path = tmp_path / "config"
    text = _text({"server": "https://x:1", "certificate-authority": "ca.crt"}, {"tokenFile": "token"}, "shop")
    path.write_text(text, encoding="utf-8")
    assert connect(str(path))
    assert active(str(path)).namespace == "shop"


def test_without_one_the_environment_says_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with pytest.raises(BadKubeconfig, match=r"there is no kubeconfig .*none; set KUBECONFIG"):
        connect(None)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a:\n- [", "is no YAML mapping"),
        ("current-context: x\n", "has no context named 'x'"),
        (_text({}, {}), "names no server"),
        (_text({"server": "https://x"}, {"exec": {"command": "aws"}}), "has 'exec'"),
    ],
)
def test_what_cannot_be_used_is_refused_without_being_shown(text: str, sentence: str) -> None:
    with pytest.raises(BadKubeconfig, match=sentence):
        connect(text)


def test_an_authority_that_is_none_is_refused() -> None:
    text = _text({"server": "https://x", "certificate-authority-data": _encoded("nonsense")}, {"token": "t"})
    with pytest.raises(BadKubeconfig, match=r"certificates in the kubeconfig of https://x cannot be read"):
        connect(text)
