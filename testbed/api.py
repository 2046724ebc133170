"""A cluster's API server, as tests speak to it. The only file of the test bed that does.

Client libraries hide what these tests are about: strict field validation, and the server's warnings.
"""

import json
import re
import ssl
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import yaml

Object = dict[str, Any]
_AT_ONCE = 8
_TOO_MANY_REQUESTS, _ATTEMPTS = 429, 30
_WARNING = re.compile(r'\d{3} \S+ "((?:[^"\\]|\\.)*)"')


class ApiError(Exception):
    """The API server refused a request. The message is the server's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Ref(NamedTuple):
    """The identity of an object."""

    version: str
    kind: str
    name: str
    namespace: str | None = None

    @classmethod
    def of(cls, item: Object) -> "Ref":
        """The identity of this object."""
        meta = item["metadata"]
        return cls(item["apiVersion"], item["kind"], meta["name"], meta.get("namespace"))

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}" + (f" in {self.namespace}" if self.namespace else "")


class ServerAnswer(NamedTuple):
    """An object as the server has it now, and the server's warnings."""

    object: Object
    warnings: list[str]


class _Resource(NamedTuple):
    plural: str
    namespaced: bool


class Api:
    """One cluster. Methods raise `Refused` with the server's words; threads may share it."""

    def __init__(self, address: str, authority: Path | ssl.SSLContext, token: str = "", called: str = "") -> None:
        """`address` is that of the API server, `authority` the certificate that vouches for it.

        A context in place of the authority may hold a client's certificate; `called` is the name that the server's
        certificate has, where it is not that of the address.
        """
        self._http = httpx.Client(
            base_url=address,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            verify=authority if isinstance(authority, ssl.SSLContext) else _trusting(authority),
            timeout=120,
            limits=httpx.Limits(max_connections=4 * _AT_ONCE),
            trust_env=False,
            event_hooks={"request": [lambda request: request.extensions.update(sni_hostname=called)]} if called else {},
        )
        self._served: dict[str, dict[str, _Resource]] = {}

    def ready(self) -> bool:
        """Whether the server answers that it is ready."""
        try:
            return self.text("/readyz") == "ok"
        except (ApiError, httpx.TransportError):
            return False

    def apply(self, item: Object, manager: str = "test", dry_run: bool = False, force: bool = True) -> ServerAnswer:
        """Server-side apply with strict field validation."""
        query = {"fieldManager": manager, "fieldValidation": "Strict", "force": str(force).lower()}
        query |= {"dryRun": "All"} if dry_run else {}
        return self._send("PATCH", self._path(Ref.of(item)), item, query, "application/apply-patch+yaml")

    def apply_all(self, items: Iterable[Object], dry_run: bool = False) -> list[ServerAnswer | ApiError]:
        """The result for each object, in order. Several requests run at once."""

        def one(item: Object) -> ServerAnswer | ApiError:
            try:
                return self.apply(item, dry_run=dry_run)
            except ApiError as refusal:
                return refusal

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(one, items))

    def create(self, item: Object) -> Object:
        """Creates an object, and returns it as the server has it."""
        ref = Ref.of(item)
        return self._send("POST", self._path(ref._replace(name="")), item, {"fieldValidation": "Strict"}).object

    def get(self, ref: Ref) -> Object | None:
        """The object, or None."""
        try:
            return self._send("GET", self._path(ref)).object
        except ApiError as refusal:
            if refusal.status == 404:
                return None
            raise

    def list(self, version: str, kind: str, namespace: str | None = None, labels: str = "") -> list[Object]:
        """All objects of a kind, in one namespace or in all of them, by name."""
        query = {"labelSelector": labels} if labels else {}
        found = self._send("GET", self._path(Ref(version, kind, "", namespace)), query=query).object
        return [{"apiVersion": version, "kind": kind, **item} for item in found["items"]]

    def merge(self, ref: Ref, patch: Object, part: str = "") -> Object:
        """A JSON merge patch on the object, or on a part of it (`status`, `scale`)."""
        path = self._path(ref) + (f"/{part}" if part else "")
        return self._send("PATCH", path, patch, media="application/merge-patch+json").object

    def delete(self, ref: Ref, grace_seconds: int | None = None, propagation: str = "") -> None:
        """Deletes the object, which may take time. `propagation`: `Foreground`, `Background` or `Orphan`."""
        query = {} if grace_seconds is None else {"gracePeriodSeconds": str(grace_seconds)}
        query |= {"propagationPolicy": propagation} if propagation else {}
        self._send("DELETE", self._path(ref), query=query)

    def watch(self, version: str, kind: str, seconds: int, labels: str = "") -> Iterator[tuple[str, Object]]:
        """Events (`ADDED`, `MODIFIED`, `DELETED`) of all namespaces, the present objects first, for so many seconds."""
        query = {"watch": "true", "timeoutSeconds": str(seconds), "labelSelector": labels}
        path = self._path(Ref(version, kind, ""))
        with self._http.stream("GET", path, params=query, timeout=seconds + 30) as response:
            for line in response.iter_lines():
                event = json.loads(line)
                yield event["type"], event["object"]

    def text(self, path: str) -> str:
        """The server's answer to a GET of this path."""
        return self._answer(self._http.get(path)).text

    def namespaced(self, version: str, kind: str) -> bool:
        """Whether objects of this kind are in namespaces. Raises `Refused` if the server has no such kind."""
        return self._resource(version, kind).namespaced

    def _path(self, ref: Ref) -> str:
        resource = self._resource(ref.version, ref.kind)
        parts = [_root(ref.version)]
        parts += ["namespaces", ref.namespace] if resource.namespaced and ref.namespace else []
        parts += [resource.plural] + ([ref.name] if ref.name else [])
        return "/".join(parts)

    def _resource(self, version: str, kind: str) -> _Resource:
        if kind not in self._served.get(version, {}):
            found = json.loads(self.text(_root(version)))["resources"]
            self._served[version] = {
                r["kind"]: _Resource(r["name"], r["namespaced"]) for r in found if "/" not in r["name"]
            }
        try:
            return self._served[version][kind]
        except KeyError:
            raise ApiError(404, f"the server has no {kind} in {version}") from None

    def _send(
        self,
        method: str,
        path: str,
        body: Object | None = None,
        query: dict[str, str] | None = None,
        media: str = "application/json",
    ) -> ServerAnswer:
        content = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": media}
        for attempt in range(_ATTEMPTS):
            response = self._http.request(method, path, content=content, params=query, headers=headers)
            # The server asks to try again, for example while it starts to serve a new definition.
            wait = response.headers.get("Retry-After") if response.status_code == _TOO_MANY_REQUESTS else None
            if wait is None or attempt == _ATTEMPTS - 1:
                break
            time.sleep(float(wait))
        self._answer(response)
        return ServerAnswer(response.json(), _warnings(response.headers))

    def _answer(self, response: httpx.Response) -> httpx.Response:
        if response.is_success:
            return response
        try:
            message = str(response.json()["message"])
        except (ValueError, KeyError, TypeError):
            message = response.text
        raise ApiError(response.status_code, message)


def read(paths: Iterable[Path]) -> Iterator[Object]:
    """The objects in YAML files, in their order."""
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for path in paths:
        yield from (item for item in yaml.load_all(path.read_bytes(), Loader=loader) if item)


def _trusting(authority: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority))


def _root(version: str) -> str:
    return f"/apis/{version}" if "/" in version else f"/api/{version}"


def _warnings(headers: httpx.Headers) -> list[str]:
    """The texts of `Warning` headers: `299 - "text"` (RFC 7234, section 5.5)."""
    return [text for value in headers.get_list("warning") for text in _WARNING.findall(value)]
