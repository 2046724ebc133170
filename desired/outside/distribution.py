"""Reads an image registry by the OCI distribution API: location, login and responses.

httpx is imported only where it is used, because it would slow down commands that need no registry.
Sources: the OCI distribution specification 1.1; for tokens, distribution.github.io/distribution/spec/auth/token/.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import os
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pydantic import TypeAdapter, ValidationError

from constructs_lib.values.base import ImageRepository, shown
from constructs_lib.values.data import Json

from ..core.errors import Problem, Refused, Unreachable

if TYPE_CHECKING:
    import httpx

LIMIT_BYTES = 4 * 1024 * 1024
"""The longest response that is read. The specification sets this limit for manifests."""

_FORM: TypeAdapter[str] = TypeAdapter(ImageRepository)
_HUB = "registry-1.docker.io"
_HUB_NAMES = ("docker.io", "index.docker.io", _HUB)
_REDIRECTS = (301, 302, 303, 307, 308)
_HOPS = 5
_PARAMETER = re.compile(r'\b(\w{1,32})="([^"]*)"')
_TOKEN = re.compile(r"[!-~]{1,65536}")


@dataclass(frozen=True)
class Location:
    """The location of an image repository."""

    repository: str
    """Its name, as the user gave it."""
    host: str
    """Its registry, with the port if there is one."""
    path: str
    """Its name within the registry."""

    @property
    def local(self) -> bool:
        """Whether the registry is on this machine. Only then is TLS not required."""
        return _is_loopback(self.host.partition(":")[0])

    @property
    def by_hand(self) -> str:
        """How to do without the registry, as the end of a sentence."""
        return f"pass the image with --image {self.repository}@sha256:…"


def locate(repository: str) -> Location:
    """Parses a repository's name as Docker does: without a host it is on Docker Hub. Raises Refused."""
    try:
        _FORM.validate_python(repository)
    except ValidationError:
        raise _no_repository(repository) from None
    host, _, path = repository.partition("/")
    if not path or not (host == "localhost" or "." in host or ":" in host):
        host, path = _HUB, repository
    if host in _HUB_NAMES:
        return Location(repository, _HUB, path if "/" in path else f"library/{path}")
    if not 0 < int(host.partition(":")[2] or 443) < 65536:
        raise _no_repository(repository)
    return Location(repository, host, path)


def _no_repository(repository: object) -> Refused:
    return Refused(
        f"{shown(repository)} is not an image repository. Write it without a tag or digest, "
        "such as 'ghcr.io/acme/checkout'"
    )


def login(host: str) -> str:
    """`user:password` for a registry in Base64, from `auths` in Docker's configuration; empty if there is none.

    Credential helpers are not used. Raises Problem if the file cannot be read.
    """
    file = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "config.json"
    try:
        auths: Json = json.loads(file.read_bytes()).get("auths") or {}
        found: Json = next((auths[key] for key in auths if _same_registry(key, host)), {})
        given = base64.b64decode(found.get("auth") or "", validate=True)
    except FileNotFoundError:
        return ""
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        raise Problem(
            f"Cannot read Docker's configuration in {file}. Fix the file, or run `docker login {host}`"
        ) from None
    return base64.b64encode(given).decode() if b":" in given else ""


def _same_registry(key: str, host: str) -> bool:
    """Whether a key of `auths`, which may be a URL, means this registry."""
    named = re.sub(r"^https?://", "", key).partition("/")[0]
    return named == host or (host == _HUB and named in _HUB_NAMES)


@dataclass(frozen=True)
class RegistryResponse:
    """The response from one URL; the body only with status 200."""

    url: httpx.URL
    status: int
    headers: httpx.Headers
    body: bytes
    next_page: str = ""
    """The path of the list's next page, always on the same host; empty at the end."""


class RegistrySession:
    """Reads one repository and requests a token at most once. Use it with `with`."""

    def __init__(self, location: Location, timeout: float) -> None:
        """`timeout`, in seconds, is the limit for each response."""
        import ssl  # noqa: PLC0415

        import httpx  # noqa: PLC0415

        self.location = location
        self._timeout = timeout
        self._authorization = ""
        self._home = httpx.URL(f"{'http' if location.local else 'https'}://{location.host}")
        try:
            # Use the machine's certificates, as git and docker do, and its proxy for other machines.
            self._client = httpx.Client(
                verify=ssl.create_default_context(),
                trust_env=not location.local,
                timeout=timeout,
                headers={"User-Agent": "desired", "Accept-Encoding": "identity"},
            )
        except (ImportError, OSError, ValueError) as error:
            raise self._unreachable(self._home, f"cannot use the proxy or the certificates: {error}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str, accept: Sequence[str] = ()) -> RegistryResponse | None:
        """The response for a path of the registry; None for 404.

        Raises Refused if access is denied, and Unreachable for any other status than 200.
        """
        url = self._home.join(path)
        answer = self._follow(url, self._authorization, accept)
        # Only the registry itself may choose where credentials go, not a host that it redirects to.
        if answer.status == 401 and not self._authorization and _origin(answer.url) == _origin(self._home):
            self._authorization = self._authorize(answer.headers.get_list("www-authenticate"))
            answer = self._follow(url, self._authorization, accept)
        return self._checked(answer) if answer.status != 404 else None

    def data(self, answer: RegistryResponse) -> Json:
        """The JSON object in a response. Raises Unreachable if there is none: the server is not a registry."""
        try:
            found = json.loads(answer.body)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise self._unreachable(answer.url, "the response is not a JSON object")
        return found

    def _checked(self, answer: RegistryResponse) -> RegistryResponse:
        if answer.status in (401, 403):
            raise self._forbidden()
        if answer.status != 200:
            raise self._unreachable(answer.url, f"it answered with status {answer.status}")
        return answer

    def _authorize(self, challenges: list[str]) -> str:
        """The value of the header Authorization that the registry requires."""
        asked = {each.partition(" ")[0].lower(): each for each in challenges}
        known = login(self.location.host)
        if "bearer" in asked:
            # If one header holds several challenges, the first of two equal names belongs to Bearer.
            return f"Bearer {self._token(dict(reversed(_PARAMETER.findall(asked['bearer']))), known)}"
        if "basic" in asked and known:
            return f"Basic {known}"
        raise self._forbidden()

    def _token(self, challenge: dict[str, str], known: str) -> str:
        scope = {"service": challenge.get("service", ""), "scope": f"repository:{self.location.path}:pull"}
        url = self._parsed(challenge.get("realm", "")).copy_merge_params(scope)
        answer = self._checked(self._follow(url, f"Basic {known}" if known else "", ()))
        found = self.data(answer)
        token = found.get("token") or found.get("access_token")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise self._unreachable(url, "it answered without a token")
        return token

    def _follow(self, url: httpx.URL, authorization: str, accept: Sequence[str]) -> RegistryResponse:
        """The response after all redirects. Credentials go only to the first host."""
        first = _origin(url)
        for _ in range(_HOPS):
            self._refuse_plain(url)
            answer = self._send(url, authorization if _origin(url) == first else "", accept)
            if answer.status not in _REDIRECTS:
                return answer
            url = url.join(self._parsed(answer.headers.get("location", "")))
        raise self._unreachable(url, f"it redirected more than {_HOPS} times")

    def _send(self, url: httpx.URL, authorization: str, accept: Sequence[str]) -> RegistryResponse:
        import httpx  # noqa: PLC0415

        headers = {"Accept": ", ".join(accept) or "*/*", **({"Authorization": authorization} if authorization else {})}
        self._client.cookies.clear()  # a cookie is a credential too, and ignores ports
        try:
            with self._client.stream("GET", url, headers=headers) as response:
                body = self._read(response) if response.status_code == 200 else b""
                return RegistryResponse(url, response.status_code, response.headers, body, _next_page(response))
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise self._unreachable(url, " ".join(str(error).split()) or type(error).__name__) from None

    def _read(self, response: httpx.Response) -> bytes:
        """The body as it was sent. It is not decompressed, so that the limit holds."""
        end, body = time.monotonic() + self._timeout, bytearray()
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > LIMIT_BYTES:
                raise self._unreachable(response.url, f"the response is larger than {LIMIT_BYTES // 1024**2} MiB")
            if time.monotonic() > end:
                raise self._unreachable(response.url, f"the response took longer than {self._timeout:g} s")
        return bytes(body)

    def _parsed(self, url: str) -> httpx.URL:
        import httpx  # noqa: PLC0415

        try:
            return httpx.URL(url)
        except (httpx.InvalidURL, ValueError):
            raise self._unreachable(self._home, f"it refers to {shown(url)}, which is not a URL") from None

    def _refuse_plain(self, url: httpx.URL) -> None:
        if url.scheme != "https" and not (url.scheme == "http" and self.location.local and _is_loopback(url.host)):
            raise self._unreachable(self._home, f"it refers to {shown(str(url))}, which is not encrypted")

    def _unreachable(self, url: httpx.URL, reason: str) -> Unreachable:
        place = url.netloc.decode(errors="replace") or self.location.host
        return Unreachable(
            f"Cannot read the images of {self.location.repository} from {place} ({reason}). Try again, "
            f"or {self.location.by_hand}"
        )

    def _forbidden(self) -> Refused:
        host = self.location.host
        return Refused(
            f"{host} does not let you read {self.location.path}, or does not have it. Check the name, "
            f"log in with `docker login {host}`, or {self.location.by_hand}"
        )


def _next_page(response: httpx.Response) -> str:
    found = response.links.get("next", {}).get("url")
    return response.url.join(found).raw_path.decode() if found else ""


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
