"""Looks up builds in an image registry: which image a commit or a tag means, and what it was built from."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from constructs_lib.values.base import shown
from constructs_lib.values.data import Json

from ..core.errors import Refused
from ..core.operations import Build
from .distribution import RegistryResponse, RegistrySession, locate

_IMAGES = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
_INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
_CONFIGS = ("application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json")
_REVISION = "org.opencontainers.image.revision"
_REFS = ("org.opencontainers.image.ref.name", "org.opencontainers.image.version")

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_TAG_OF_COMMIT = re.compile(r"(?:sha-)?([0-9a-f]{7,64})(?![A-Za-z0-9])")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
# Signatures and attestations of an image have tags made from its digest.
_ATTACHED = re.compile(r"sha256-[0-9a-f]{64}")
_PAGE, _PAGES = 1000, 200
_CANDIDATES = 8
"""The most tags that are compared and shown. With more, the user has to name one."""


@dataclass(frozen=True)
class _Manifest:
    """An image, or an index of images for several platforms."""

    tag: str
    digest: str
    kind: str
    data: Json


class Registry:
    """Looks up builds. It only reads, and opens no connection before the first lookup."""

    def __init__(self, timeout: float = 10.0) -> None:
        """`timeout`, in seconds, is the limit for each response of the registry."""
        self._timeout = timeout

    def build(self, repository: str, version: str) -> Build:
        """The image of a version, by digest, and what it was built from.

        `version` is a tag, or a commit of 7 to 64 digits. A tag with exactly this name comes first, then tags that
        begin with the commit or with `sha-` and the commit. For an index, the digest is that of the index.
        Commit and ref come from the image's annotations and labels.

        Raises Refused if no image or several images match, or if the image says that it was built from another commit.
        Raises Unreachable if the registry does not answer.
        """
        location = locate(repository)
        if not _TAG.fullmatch(version):
            raise Refused(f"{shown(version)} is neither a commit nor a tag. Name one of them, or {location.by_hand}")
        with RegistrySession(location, self._timeout) as session:
            found = _manifest(session, version) or _of_commit(session, version)
            if found is None:
                raise Refused(
                    f"{repository} has no image {shown(version)}. Push it, name another one, or {location.by_hand}"
                )
            facts = _facts(session, found)
            commit = _commit(repository, version, found.tag, facts.get(_REVISION, ""))
            return Build(image=f"{repository}@{found.digest}", commit=commit, ref=_ref(facts))

    def versions(self, repository: str, limit: int = 20, beginning: str = "") -> list[str]:
        """At most `limit` tags that start with `beginning`, sorted, of those received within the timeout.

        Raises Refused and Unreachable.
        """
        with RegistrySession(locate(repository), self._timeout) as session:
            end = time.monotonic() + self._timeout
            tags = takewhile(lambda _: time.monotonic() < end, _tags(session))
            return sorted(tag for tag in tags if tag.startswith(beginning))[:limit]


def _manifest(session: RegistrySession, reference: str) -> _Manifest | None:
    """The manifest of a tag or digest; None if it does not exist. Raises Refused if it is not an image."""
    path = f"/v2/{session.location.path}/manifests/{reference}"
    answer = session.get(path, (*_INDEXES, *_IMAGES))
    if answer is None:
        return None
    data, sent_as = session.data(answer), answer.headers.get("content-type", "").partition(";")[0].strip()
    kind = data.get("mediaType", sent_as)
    # A manifest that one client reads as an image and another as an index is an attack (CVE-2021-41190).
    if kind != sent_as or kind not in (*_INDEXES, *_IMAGES):
        raise Refused(_no_image(session, reference, sent_as))
    if kind in _IMAGES and _mapping(data.get("config")).get("mediaType") not in _CONFIGS:
        raise Refused(_no_image(session, reference, _mapping(data.get("config")).get("mediaType")))
    return _Manifest(reference, _digest(session, reference, answer), kind, data)


def _no_image(session: RegistrySession, reference: str, kind: object) -> str:
    return (
        f"{session.location.repository}: {shown(reference)} is not an image, but {shown(kind)}. "
        f"Name another one, or {session.location.by_hand}"
    )


def _digest(session: RegistrySession, reference: str, answer: RegistryResponse) -> str:
    """The digest of the received bytes. Raises Refused if the registry or the reference names another one."""
    digest = f"sha256:{hashlib.sha256(answer.body).hexdigest()}"
    said = answer.headers.get("docker-content-digest", "")
    expected = [each for each in (said, reference) if each.startswith("sha256:")]
    if any(each != digest for each in expected):
        raise Refused(
            f"{session.location.repository}: the registry sent {digest} for {shown(reference)}, "
            f"not {expected[0]}. Do not use this image, and find out who changed the registry"
        )
    return digest


def _of_commit(session: RegistrySession, commit: str) -> _Manifest | None:
    """The image whose tag names the commit or a prefix of it. Raises Refused if there are several."""
    if not _COMMIT.fullmatch(commit):
        return None
    named = {tag: named for tag in _tags(session) if (named := _named(tag)) and _same(named, commit)}
    longest = max(named.values(), key=len, default="")
    if not all(longest.startswith(each) for each in named.values()):
        raise _ambiguous(session, commit, list(named))
    # `9f3c2e1` comes before `9f3c2e1-debug`.
    plain = [tag for tag, each in named.items() if tag.removeprefix("sha-") == each] or list(named)
    if len(plain) > _CANDIDATES:
        raise _ambiguous(session, commit, plain)
    found = [manifest for tag in plain if (manifest := _manifest(session, tag))]
    if len({each.digest for each in found}) > 1:
        raise _ambiguous(session, commit, plain)
    return max(found, key=lambda each: len(each.tag), default=None)


def _ambiguous(session: RegistrySession, commit: str, tags: list[str]) -> Refused:
    some = ", ".join(sorted(tags)[:_CANDIDATES]) + (", …" if len(tags) > _CANDIDATES else "")
    return Refused(
        f"{session.location.repository} has several images for the commit {commit}: {some}. Name one of these tags"
    )


def _named(tag: str) -> str:
    """The commit that a tag begins with; empty if there is none."""
    found = _TAG_OF_COMMIT.match(tag)
    return found[1] if found else ""


def _same(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _tags(session: RegistrySession) -> Iterator[str]:
    """All tags, read page by page on demand. Raises Refused if there are too many."""
    path = f"/v2/{session.location.path}/tags/list?n={_PAGE}"
    for _ in range(_PAGES):
        answer = session.get(path)
        if answer is None:
            return
        tags = session.data(answer).get("tags")
        yield from (tag for tag in (tags if isinstance(tags, list) else ()) if _is_version(tag))
        if not (path := answer.next_page):
            return
    raise Refused(
        f"{session.location.repository} has too many tags to search. Give the full tag, or {session.location.by_hand}"
    )


def _is_version(tag: object) -> bool:
    return isinstance(tag, str) and bool(_TAG.fullmatch(tag)) and not _ATTACHED.match(tag)


def _facts(session: RegistrySession, manifest: _Manifest) -> dict[str, str]:
    """The annotations, completed by the labels of the image, or of the first image of an index."""
    facts = _texts(manifest.data.get("annotations"))
    if _REVISION in facts and any(each in facts for each in _REFS):
        return facts
    image = manifest if manifest.kind in _IMAGES else _first(session, manifest)
    if image is None:
        return facts
    return _labels(session, image) | _texts(image.data.get("annotations")) | facts


def _first(session: RegistrySession, index: _Manifest) -> _Manifest | None:
    """The first image of an index. Skips attestations, whose platform is `unknown`."""
    manifests = index.data.get("manifests")
    for each in map(_mapping, manifests if isinstance(manifests, list) else ()):
        if each.get("mediaType") in _IMAGES and _mapping(each.get("platform")).get("os") != "unknown":
            return _manifest(session, _named_digest(session, each))
    return None


def _labels(session: RegistrySession, image: _Manifest) -> dict[str, str]:
    digest = _named_digest(session, _mapping(image.data.get("config")))
    answer = session.get(f"/v2/{session.location.path}/blobs/{digest}")
    if answer is None:
        raise Refused(
            f"{session.location.repository}@{image.digest} is incomplete: {digest} is missing. "
            f"Push the image again, or {session.location.by_hand}"
        )
    _digest(session, digest, answer)
    return _texts(_mapping(session.data(answer).get("config")).get("Labels"))


def _named_digest(session: RegistrySession, descriptor: Json) -> str:
    """The digest in a descriptor. It becomes part of a URL, so anything else is refused."""
    digest = descriptor.get("digest")
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise Refused(_no_image(session, str(digest), descriptor.get("mediaType")))
    return digest


def _commit(repository: str, version: str, tag: str, revision: str) -> str | None:
    """The commit in the image's label, or else the one that its tag names.

    A tag of digits only may be a date or a build number, so it does not count as a commit.
    """
    asked = version.removeprefix("sha-")
    if not _COMMIT.fullmatch(asked) or (version == tag and version.isdigit()):
        asked = ""
    if not _COMMIT.fullmatch(revision):
        return max(asked, _named(tag), key=len) if asked else None
    if asked and not _same(asked, revision):
        raise Refused(
            f"{repository}: the image under the tag {tag} says that it was built from {revision}, "
            f"not from {asked}. Set its label {_REVISION} in the build, "
            f"or pass the image with --image {repository}@sha256:…"
        )
    return revision


def _ref(facts: dict[str, str]) -> str:
    """The branch or tag, if the image names it in one printable line of at most 500 characters."""
    ref = next((facts[each] for each in _REFS if each in facts), "").removeprefix("refs/heads/")
    return ref if len(ref) <= 500 and ref.isprintable() else ""


def _mapping(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _texts(value: object) -> dict[str, str]:
    return {key: text for key, text in _mapping(value).items() if isinstance(text, str)}
