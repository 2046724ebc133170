"""The certificate of the external gateway, as the ExternalSecret would bring it."""

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from testbed.api import Object


def wildcard(domain: str, authority: Path) -> Object:
    """The Secret for all hosts of the domain; writes what clients shall trust to `authority`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, domain)])
    now = datetime.now(UTC)
    hosts = x509.SubjectAlternativeName([x509.DNSName(f"*.{domain}")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(hosts, critical=False)
    )
    pem = certificate.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    authority.write_bytes(pem)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "gateway-certificate", "namespace": "gateways"},
        "type": "kubernetes.io/tls",
        "data": {"tls.crt": base64.b64encode(pem).decode(), "tls.key": base64.b64encode(private).decode()},
    }
