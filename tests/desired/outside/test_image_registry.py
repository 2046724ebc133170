"""Which image a commit or a tag means, asked of a real registry."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from desired.core.errors import Refused
from desired.outside.image_registry import Registry
from tests.support.docker_registry import DOCKER, OCI, DockerRegistry, Kinds
from tests.support.loopback_http import LoopbackHttp, Reply, Request

COMMIT = "9f3c2e1a0b4d5c6e7f8091a2b3c4d5e6f7a8b9c0"
LIKE_IT = "9f3c2e1fffffffffffffffffffffffffffffffff"
REVISION = "org.opencontainers.image.revision"
REF = "org.opencontainers.image.ref.name"
VERSION = "org.opencontainers.image.version"
NAME = "acme/checkout"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[DockerRegistry]:
    with DockerRegistry(tmp_path / "registry") as started:
        yield started


@pytest.fixture
def repository(server: DockerRegistry) -> str:
    return f"{server.address}/{NAME}"


def refused(repository: str, version: str) -> str:
    with pytest.raises(Refused) as problem:
        Registry().build(repository, version)
    return str(problem.value)


@pytest.mark.parametrize("kinds", [OCI, DOCKER], ids=["OCI", "Docker"])
def test_a_tag_names_an_image_and_its_labels_say_what_it_was_built_from(
    server: DockerRegistry, repository: str, kinds: Kinds
) -> None:
    digest = server.push(NAME, "v1.2", labels={REVISION: COMMIT, REF: "main"}, kinds=kinds)
    build = Registry().build(repository, "v1.2")
    assert build.image == f"{repository}@{digest}"
    assert (build.commit, build.ref) == (COMMIT, "main")


@pytest.mark.parametrize(
    ("tag", "asked"),
    [
        (COMMIT, COMMIT),
        (COMMIT, COMMIT[:7]),
        (COMMIT[:7], COMMIT),
        (f"sha-{COMMIT}", COMMIT[:9]),
        (f"sha-{COMMIT[:7]}", COMMIT),
        (f"{COMMIT[:10]}-alpine", COMMIT[:8]),
        (f"sha-{COMMIT[:7]}", f"sha-{COMMIT[:7]}"),
    ],
)
def test_a_commit_is_found_by_a_tag_that_begins_with_it(
    server: DockerRegistry, repository: str, tag: str, asked: str
) -> None:
    others = (LIKE_IT.replace("9f", "8f"), "latest", "v9f3c2e1", f"main-{COMMIT}", f"{COMMIT[:9]}x")
    server.push(NAME, *others, content="another")
    digest = server.push(NAME, tag)
    build = Registry().build(repository, asked)
    assert build.image == f"{repository}@{digest}"
    known = tag.removeprefix("sha-").removesuffix("-alpine")
    assert build.commit == max(known, asked.removeprefix("sha-"), key=len)


def test_the_tag_of_the_very_name_comes_before_others(server: DockerRegistry, repository: str) -> None:
    server.push(NAME, COMMIT, f"sha-{COMMIT[:7]}", content="another")
    digest = server.push(NAME, COMMIT[:7])
    assert Registry().build(repository, COMMIT[:7]).image.endswith(digest)


def test_a_plain_tag_comes_before_one_with_more_behind_it(server: DockerRegistry, repository: str) -> None:
    server.push(NAME, f"{COMMIT[:9]}-debug", content="another")
    digest = server.push(NAME, COMMIT, f"sha-{COMMIT[:9]}")
    assert Registry().build(repository, COMMIT[:7]).image.endswith(digest)


@pytest.mark.parametrize(
    "tags",
    [
        (COMMIT, LIKE_IT),
        (COMMIT, f"{LIKE_IT}-alpine"),
        (COMMIT, f"sha-{COMMIT[:9]}"),
        (f"{COMMIT}-alpine", f"{COMMIT}-debian"),
    ],
)
def test_several_images_for_a_commit_are_refused_with_their_tags(
    server: DockerRegistry, repository: str, tags: tuple[str, str]
) -> None:
    for tag in tags:
        server.push(NAME, tag, content=tag)
    said = refused(repository, COMMIT[:7])
    assert ", ".join(sorted(tags)) in said
    assert "Name one of these tags" in said


def test_of_very_many_tags_for_a_commit_some_are_shown(server: DockerRegistry, repository: str) -> None:
    server.push(NAME, *(f"{COMMIT[:7]}-{number}" for number in range(10, 22)))
    assert "-17, …" in refused(repository, COMMIT[:7])


def test_a_commit_that_the_image_contradicts_is_refused(server: DockerRegistry, repository: str) -> None:
    server.push(NAME, COMMIT[:7], labels={REVISION: "b" * 40})
    server.push(NAME, "20261121", labels={REVISION: "b" * 40})
    said = refused(repository, COMMIT[:7])
    assert "b" * 40 in said
    assert COMMIT[:7] in said
    assert Registry().build(repository, "20261121").commit == "b" * 40, "digits may be a date"


@pytest.mark.parametrize("kinds", [OCI, DOCKER], ids=["OCI", "Docker"])
def test_an_index_stays_an_index_and_its_first_image_says_the_rest(
    server: DockerRegistry, repository: str, kinds: Kinds
) -> None:
    attestation = server.push(NAME, labels={REVISION: "c" * 40}, kinds=kinds, content="attestation")
    image = server.push(NAME, labels={REVISION: COMMIT, VERSION: "main"}, kinds=kinds)
    digest = server.push_index(NAME, "v2", [("unknown", attestation), ("linux", image)], kinds=kinds)
    build = Registry().build(repository, "v2")
    assert build.image == f"{repository}@{digest}"
    assert (build.commit, build.ref) == (COMMIT, "main")


def test_annotations_come_before_labels_and_those_of_the_index_before_the_images(
    server: DockerRegistry, repository: str
) -> None:
    labels = {REVISION: "a" * 40, REF: "of the labels"}
    image = server.push(NAME, "image", labels=labels, annotations={REVISION: "b" * 40})
    server.push_index(NAME, "index", [("linux", image)], {REVISION: "c" * 40})
    server.push_index(NAME, "says-all", [("linux", image)], {REVISION: "c" * 40, REF: "of the index"})
    found = {tag: Registry().build(repository, tag) for tag in ("image", "index", "says-all")}
    assert [build.commit for build in found.values()] == ["b" * 40, "c" * 40, "c" * 40]
    assert [build.ref for build in found.values()] == ["of the labels", "of the labels", "of the index"]


@pytest.mark.parametrize(
    ("labels", "commit", "ref"),
    [
        ({}, None, ""),
        ({REVISION: "trunk@1234", VERSION: "two\nlines"}, None, ""),
        ({REVISION: COMMIT, REF: "r" * 501}, COMMIT, ""),
        ({REVISION: COMMIT, REF: "refs/heads/main", VERSION: "1.2"}, COMMIT, "main"),
    ],
)
def test_what_an_image_does_not_say_well_is_not_known(
    server: DockerRegistry, repository: str, labels: dict[str, str], commit: str | None, ref: str
) -> None:
    server.push(NAME, "v1", labels=labels)
    build = Registry().build(repository, "v1")
    assert (build.commit, build.ref) == (commit, ref)


@pytest.mark.parametrize("version", ["v9", COMMIT, "latest"])
def test_a_version_that_is_not_there_is_refused_with_the_way_around(
    server: DockerRegistry, repository: str, version: str
) -> None:
    server.push(NAME, "v1")
    for place in (repository, f"{server.address}/acme/none"):
        said = refused(place, version)
        assert version in said
        assert f"--image {place}@sha256:…" in said


def test_what_is_no_image_is_refused(server: DockerRegistry, repository: str) -> None:
    chart = "application/vnd.cncf.helm.config.v1+json"
    config = server.blob(NAME, b"{}", chart)
    server.manifest(NAME, {"schemaVersion": 2, "mediaType": OCI.image, "config": config, "layers": []}, "v1")
    assert chart in refused(repository, "v1")


@pytest.mark.parametrize("what", ["manifest", "config"])
def test_what_was_changed_in_the_registry_is_refused(server: DockerRegistry, repository: str, what: str) -> None:
    digest = server.push(NAME, "v1", labels={REVISION: COMMIT})
    config = json.loads(server.file_of(digest).read_bytes())["config"]["digest"]
    file = server.file_of(digest if what == "manifest" else config)
    file.write_bytes(file.read_bytes().replace(b"made of" if what == "config" else b'"size"', b'"Size"'))
    said = refused(repository, "v1")
    assert f"not {digest if what == 'manifest' else config}" in said


def test_versions_are_tags_without_what_is_attached_to_images(server: DockerRegistry, repository: str) -> None:
    tags = [f"v{number}" for number in range(1, 8)]
    server.push(NAME, *tags, "main", f"sha256-{'a' * 64}.sig")
    assert Registry().versions(repository) == ["main", *tags]
    assert Registry().versions(repository, limit=3) == ["main", "v1", "v2"]
    assert Registry().versions(repository, beginning="v") == tags
    assert Registry().versions(f"{repository}-of-nobody") == []


def in_pages(server: DockerRegistry, size: int) -> Callable[[Request], Reply]:
    """A registry that sends tags page by page, which this one does not, and all else as it is."""

    def answer(request: Request) -> Reply:
        whole = httpx.get(f"http://{server.address}{request.path}", headers=dict(request.headers), trust_env=False)
        if "/tags/" not in request.path:
            return Reply(whole.status_code, {"Content-Type": whole.headers["content-type"]}, whole.content)
        query = parse_qs(urlsplit(request.path).query)
        rest = [tag for tag in sorted(whole.json()["tags"]) if tag > query.get("last", [""])[0]]
        more = f"/v2/{NAME}/tags/list?n={size}&last={rest[size - 1]}" if len(rest) > size else ""
        # Behind a proxy registries get their own host and scheme wrong.
        link = {"Link": f'<http://registry.invalid{more}>; rel="next"'} if more else {}
        return Reply(200, link, json.dumps({"tags": rest[:size]}).encode())

    return answer


def test_a_commit_is_looked_for_on_every_page_but_not_without_end(
    server: DockerRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = server.push(NAME, *"abcdefg", f"sha-{COMMIT}")
    with LoopbackHttp(in_pages(server, size=2)) as front:
        repository = f"{front.address}/{NAME}"
        assert Registry().build(repository, COMMIT).image.endswith(digest)
        assert Registry().versions(repository) == [*"abcdefg", f"sha-{COMMIT}"]
        monkeypatch.setattr("desired.outside.image_registry._PAGES", 3)
        assert "too many tags" in refused(repository, COMMIT)


def test_a_repository_without_tags_has_no_versions() -> None:
    with LoopbackHttp(lambda _: Reply(body=b'{"tags": null}')) as front:
        assert Registry().versions(f"{front.address}/{NAME}") == []


def test_versions_are_those_that_come_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(request: Request) -> Reply:
        number = len(front.requests)
        link = {"Link": f'<{request.path.partition("?")[0]}?last={number}>; rel="next"'}
        return Reply(200, link, json.dumps({"tags": [f"v{number:04}", 5, "two\nlines"]}).encode())

    monkeypatch.setattr("desired.outside.image_registry._PAGES", 1_000_000)
    with LoopbackHttp(endless) as front:
        # By this clock each page takes 10 s, however fast the machine is.
        clock = SimpleNamespace(monotonic=lambda: 10.0 * len(front.requests))
        monkeypatch.setattr("desired.outside.image_registry.time", clock)
        assert Registry(timeout=60.0).versions(f"{front.address}/{NAME}", limit=2) == ["v0001", "v0002"]
        assert 2 < len(front.requests) < 10


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("/acme/checkout", "../blobs/v1"),
        ("/acme/checkout", "v1\n"),
        ("/acme/checkout", "v 1"),
        ("/acme/checkout", "v1?n=1"),
        ("/acme/checkout", "-rf"),
        ("/acme/checkout", ""),
        ("/acme/checkout", "v" * 129),
        ("/acme/checkout", "sha256:" + "a" * 64),
        ("/acme/checkout", "v1\x00"),
        ("/acme/../checkout", "v1"),
        ("/acme/checkout\n", "v1"),
        ("/acme checkout", "v1"),
        ("/acme/checkout:v1", "v1"),
        ("/acme//checkout", "v1"),
        ("/acme/checkout?x", "v1"),
        ("/acme/%2e%2e", "v1"),
        ("", "v1"),
    ],
)
def test_odd_references_are_refused_before_anything_is_asked(path: str, version: str) -> None:
    with LoopbackHttp(lambda _: Reply(404)) as server:
        said = refused(f"{server.address}{path}", version)
        assert "\n" not in said
        assert not server.requests
