"""A real image registry on loopback: Debian's `docker-registry`, and images pushed to it by the distribution API."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import httpx
import pytest

from testbed.process import Process
from testbed.programs.store import making, store

_PACKAGE = "docker-registry"
_LISTENING = re.compile(r"listening on 127\.0\.0\.1:([0-9]+)")
#: Where apt keeps its lists, in a folder of ours: so it needs no root, and no lists on the machine.
_APT = """
Dir::State "{folder}/state";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
APT::Sandbox::User "";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::Languages "none";
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
"""


def program() -> Path:
    """Debian's registry: the installed one, else the one of the package, fetched once without root.

    A test that cannot have it fails; it is not skipped.
    """
    if found := shutil.which(_PACKAGE):
        return Path(found)
    folder = store() / "docker-registry"
    if not folder.exists():
        with making(folder) as part:
            if part is not None:
                _unpack_package(part)
    return folder / "usr" / "bin" / _PACKAGE


def _unpack_package(target: Path) -> None:
    try:
        with TemporaryDirectory(dir=target) as downloads:
            subprocess.run(
                ["dpkg-deb", "-x", _package(Path(downloads)), target], check=True, capture_output=True, text=True
            )
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        last = said.strip().splitlines()[-1]
        pytest.fail(
            f"apt-get cannot download {_PACKAGE} ({last}); look at apt's sources and the network, or install it",
            pytrace=False,
        )


def _package(folder: Path) -> Path:
    """The downloaded package: with the machine's lists, or, where these are missing or old, with fresh ones."""
    with suppress(subprocess.CalledProcessError):
        return _downloaded(folder, [])
    own = ["-c", str(_own_state(folder))]
    _apt(folder, [*own, "update"])
    return _downloaded(folder, own)


def _downloaded(folder: Path, options: Sequence[str]) -> Path:
    _apt(folder, [*options, "download", _PACKAGE])
    return next(folder.glob("*.deb"))


def _apt(folder: Path, words: Sequence[str]) -> None:
    subprocess.run(["apt-get", "-qq", *words], cwd=folder, check=True, capture_output=True, text=True)


def _own_state(folder: Path) -> Path:
    for each in ("state/lists/partial", "cache/archives/partial"):
        (folder / each).mkdir(parents=True)
    (folder / "status").touch()
    (folder / "apt.conf").write_text(_APT.format(folder=folder))
    return folder / "apt.conf"


@dataclass(frozen=True)
class Kinds:
    """The media types of one family."""

    image: str
    index: str
    config: str
    layer: str


OCI = Kinds(
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.oci.image.layer.v1.tar+gzip",
)
DOCKER = Kinds(
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.container.image.v1+json",
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
)


class DockerRegistry:
    """A registry that keeps its images in a folder. To be used with `with`."""

    def __init__(self, folder: Path, *, auth: Mapping[str, Any] | None = None, tls: Mapping[str, str] | None = None):
        """`auth` and `http.tls` as in its configuration."""
        folder.mkdir(parents=True, exist_ok=True)
        self.store = folder / "store"
        config = {
            "version": 0.1,
            "log": {"accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(self.store)}},
            "http": {"addr": "127.0.0.1:0", "secret": "of no use to anybody", **({"tls": dict(tls)} if tls else {})},
            **({"auth": dict(auth)} if auth else {}),
        }
        file, log = folder / "config.json", folder / "log"
        file.write_text(json.dumps(config))
        log.unlink(missing_ok=True)
        self._process = Process([program(), "serve", file], log)
        self._process.ready(lambda: bool(_LISTENING.search(log.read_text())))
        found = _LISTENING.search(log.read_text())
        assert found
        self.port = int(found[1])
        self._http = httpx.Client(base_url=f"http://{self.address}/v2/", trust_env=False, verify=False)

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends it; what was pushed stays in the folder."""
        self._http.close()
        self._process.stop()

    def push(
        self,
        repository: str,
        *tags: str,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        kinds: Kinds = OCI,
        content: str = "",
    ) -> str:
        """An image of one layer, under tags; its digest. Different contents make different images."""
        config = {"architecture": "amd64", "os": "linux", "config": {"Labels": dict(labels or {})}, "made of": content}
        manifest = {
            "schemaVersion": 2,
            "mediaType": kinds.image,
            "config": self.blob(repository, json.dumps(config).encode(), kinds.config),
            "layers": [self.blob(repository, b"a layer", kinds.layer)],
            **({"annotations": dict(annotations)} if annotations else {}),
        }
        return self.manifest(repository, manifest, *tags)

    def push_index(
        self,
        repository: str,
        tag: str,
        images: Sequence[tuple[str, str]],
        annotations: Mapping[str, str] | None = None,
        kinds: Kinds = OCI,
    ) -> str:
        """An index, or a list of manifests, of images: operating systems and digests; its digest."""
        entries = [
            {"mediaType": kinds.image, "digest": digest, "size": 1, "platform": {"os": os, "architecture": "amd64"}}
            for os, digest in images
        ]
        said = {"annotations": dict(annotations)} if annotations else {}
        index = {"schemaVersion": 2, "mediaType": kinds.index, "manifests": entries, **said}
        return self.manifest(repository, index, tag)

    def blob(self, repository: str, content: bytes, kind: str) -> dict[str, Any]:
        """Pushes a blob; its descriptor."""
        digest = digest_of(content)
        begun = self._http.post(f"{repository}/blobs/uploads/").raise_for_status()
        place = begun.url.join(begun.headers["location"]).copy_merge_params({"digest": digest})
        self._http.put(place, content=content).raise_for_status()
        return {"mediaType": kind, "digest": digest, "size": len(content)}

    def manifest(self, repository: str, manifest: Mapping[str, Any], *tags: str) -> str:
        """Pushes a manifest under tags; its digest."""
        body = json.dumps(manifest).encode()
        for reference in tags or (digest_of(body),):
            url, headers = f"{repository}/manifests/{reference}", {"Content-Type": manifest["mediaType"]}
            self._http.put(url, content=body, headers=headers).raise_for_status()
        return digest_of(body)

    def file_of(self, digest: str) -> Path:
        """Where it keeps what has this digest."""
        value = digest.removeprefix("sha256:")
        return self.store / "docker" / "registry" / "v2" / "blobs" / "sha256" / value[:2] / value / "data"


@contextmanager
def holding(folder: Path, repository: str, **settings: Mapping[str, Any]) -> Iterator[DockerRegistry]:
    """A registry with these settings that holds one image, `v1`, which says that it was built from `main`."""
    with DockerRegistry(folder) as open_to_all:
        open_to_all.push(repository, "v1", labels={"org.opencontainers.image.version": "main"})
    with DockerRegistry(folder, **settings) as server:
        yield server


def image() -> tuple[bytes, bytes]:
    """A manifest, and the configuration that it names: for servers that are no real registry."""
    config = json.dumps({"config": {"Labels": {"org.opencontainers.image.version": "main"}}}).encode()
    descriptor = {"mediaType": OCI.config, "digest": digest_of(config), "size": len(config)}
    return json.dumps({"mediaType": OCI.image, "config": descriptor, "layers": []}).encode(), config


def digest_of(content: bytes) -> str:
    """As registries write it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
