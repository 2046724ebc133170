"""Admission webhooks of programs that are processes and not pods: the API server calls them by address."""

import base64
import ipaddress
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .api import Object, read

CERTIFICATE, KEY = "tls.crt", "tls.key"
"""The names of the files that a webhook server reads."""
_PEM = serialization.Encoding.PEM


def certificate(folder: Path, address: str) -> bytes:
    """Writes a self-signed certificate for this address, and its key, to `folder`. Returns the certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "webhooks")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir()
    (folder / KEY).touch(mode=stat.S_IRUSR | stat.S_IWUSR)
    private = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / KEY).write_bytes(private)
    (folder / CERTIFICATE).write_bytes(made.public_bytes(_PEM))
    return made.public_bytes(_PEM)


def configurations(manifest: Path, prefix: str, address: str, authority: bytes) -> Iterator[Object]:
    """The webhook configurations of a manifest, at `address` (host and port), named with a prefix as kustomize does.

    `authority` is the certificate that vouches for the server.
    """
    bundle = base64.b64encode(authority).decode()
    for item in read([manifest]):
        item["metadata"]["name"] = f"{prefix}-{item['metadata']['name']}"
        for webhook in item["webhooks"]:
            path = webhook["clientConfig"]["service"]["path"]
            webhook["clientConfig"] = {"url": f"https://{address}{path}", "caBundle": bundle}
        yield item
