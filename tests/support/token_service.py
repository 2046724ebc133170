"""A token service as registries send people to: it signs JSON web tokens that the real registry checks."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

from tests.support.loopback_http import LoopbackHttp, Reply, Request

_SERVICE, _ISSUER = "the registry of the tests", "the token service of the tests"


class Certificate:
    """A key and a certificate that it signed itself, as files in a folder."""

    def __init__(self, folder: Path, host: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder(name, name, self.key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        self.bytes = made.public_bytes(serialization.Encoding.DER)
        self.file, self.key_file = folder / f"{host}.pem", folder / f"{host}.key"
        self.file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        self.key_file.write_bytes(
            self.key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )

    @property
    def files(self) -> dict[str, str]:
        """As a registry's configuration names them."""
        return {"certificate": str(self.file), "key": str(self.key_file)}


class TokenService:
    """Gives tokens to who knows the user and password, or, without these, to everybody. To be used with `with`."""

    def __init__(self, folder: Path, login: str = "") -> None:
        self._certificate = Certificate(folder, "tokens.example.com")
        self._login = login
        self.http = LoopbackHttp(self._answer)

    def __enter__(self) -> TokenService:
        return self

    def __exit__(self, *reason: object) -> None:
        self.http.__exit__(*reason)

    @property
    def auth(self) -> dict[str, Any]:
        """How a registry is told to ask for these tokens."""
        return {
            "token": {
                "realm": f"http://{self.http.address}/token?a=b",
                "service": _SERVICE,
                "issuer": _ISSUER,
                "rootcertbundle": str(self._certificate.file),
            }
        }

    def _answer(self, request: Request) -> Reply:
        given = request.headers.get("Authorization", "")
        if self._login and given != f"Basic {base64.b64encode(self._login.encode()).decode()}":
            return Reply(401)
        asked = parse_qs(urlsplit(request.path).query)
        kind, name, actions = asked["scope"][0].split(":")
        access = [{"type": kind, "name": name, "actions": actions.split(",")}]
        return Reply(body=json.dumps({"token": self._token(asked["service"][0], access)}).encode())

    def _token(self, audience: str, access: list[dict[str, Any]]) -> str:
        now = int(time.time())
        header = {"typ": "JWT", "alg": "ES256", "x5c": [base64.b64encode(self._certificate.bytes).decode()]}
        claims = {"iss": _ISSUER, "sub": "", "aud": audience, "exp": now + 60, "nbf": now - 60, "iat": now, "jti": "1"}
        text = f"{_encoded(json.dumps(header).encode())}.{_encoded(json.dumps({**claims, 'access': access}).encode())}"
        r, s = decode_dss_signature(self._certificate.key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{text}.{_encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
