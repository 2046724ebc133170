"""How a registry is reached, and what of its answers is not believed."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desired.core.errors import Problem, Refused, Unreachable
from desired.outside.distribution import LIMIT_BYTES, locate
from desired.outside.image_registry import Registry
from tests.support.docker_registry import OCI, holding, image
from tests.support.loopback_http import LoopbackHttp, Reply, Request
from tests.support.token_service import Certificate

NAME = "acme/checkout"
ELSEWHERE = "registry.example.com"


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of another machine, which leads back to this one."""
    real = socket.getaddrinfo

    def found(host: Any, *more: Any, **named: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        return real("127.0.0.1" if name == ELSEWHERE else name, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", found)
    monkeypatch.setenv("NO_PROXY", ELSEWHERE)


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificate:
    made = Certificate(tmp_path, ELSEWHERE)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


def failed(kind: type[Problem], place: str, timeout: float = 60.0) -> str:
    with pytest.raises(Problem) as problem:
        Registry(timeout).build(f"{place}/{NAME}", "v1")
    assert problem.type is kind
    assert "\n" not in str(problem.value)
    return str(problem.value)


# Where it is


@pytest.mark.parametrize(
    ("repository", "host", "path", "local"),
    [
        ("ghcr.io/acme/checkout", "ghcr.io", "acme/checkout", False),
        ("redis", "registry-1.docker.io", "library/redis", False),
        ("acme/checkout", "registry-1.docker.io", "acme/checkout", False),
        ("docker.io/redis", "registry-1.docker.io", "library/redis", False),
        ("index.docker.io/acme/checkout", "registry-1.docker.io", "acme/checkout", False),
        ("localhost/checkout", "localhost", "checkout", True),
        ("localhost:5000/checkout", "localhost:5000", "checkout", True),
        ("127.0.0.2:5000/a/b/c", "127.0.0.2:5000", "a/b/c", True),
        ("127.0.0.1.example.com/a", "127.0.0.1.example.com", "a", False),
        ("registry:5000/a", "registry:5000", "a", False),
        ("192.168.1.1/a", "192.168.1.1", "a", False),
    ],
)
def test_a_name_is_read_as_docker_reads_it(repository: str, host: str, path: str, local: bool) -> None:
    found = locate(repository)
    assert (found.host, found.path, found.local) == (host, path, local)


@pytest.mark.parametrize("repository", ["example.com:0/a", "example.com:65536/a", "Example.com/a", "https://a.b/c"])
def test_a_name_that_docker_would_not_read_is_refused(repository: str) -> None:
    with pytest.raises(Refused, match="is not an image repository"):
        locate(repository)


def test_it_starts_without_what_speaks_http() -> None:
    script = (
        "import sys, desired.outside.image_registry; print([name for name in ('httpx', 'ssl') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# With TLS, or not at all


@pytest.mark.parametrize(
    "reply",
    [
        Reply(307, {"Location": f"http://{ELSEWHERE}/v2/"}),
        Reply(307, {"Location": "ftp://127.0.0.1/v2/"}),
        Reply(307, {"Location": "http://[x"}),
        Reply(401, {"WWW-Authenticate": f'Bearer realm="http://{ELSEWHERE}/token"'}),
        Reply(401, {"WWW-Authenticate": "Bearer"}),
    ],
)
def test_nobody_sends_it_where_there_is_no_tls(reply: Reply, elsewhere: None) -> None:
    with LoopbackHttp(lambda _: reply) as server:
        said = failed(Unreachable, server.address)
        assert "it refers to" in said
        assert len(server.requests) == 1


def test_another_machine_is_spoken_to_with_tls(tmp_path: Path, elsewhere: None, certificate: Certificate) -> None:
    with holding(tmp_path, NAME, tls=certificate.files) as server:
        build = Registry().build(f"{ELSEWHERE}:{server.port}/{NAME}", "v1")
    assert build.image.startswith(f"{ELSEWHERE}:{server.port}/{NAME}@sha256:")
    assert build.ref == "main"


def test_a_certificate_that_the_machine_does_not_know_is_not_believed(
    tmp_path: Path, elsewhere: None, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(Certificate(tmp_path, "another.example.com").file))
    with holding(tmp_path, NAME, tls=certificate.files) as server:
        assert "certificate" in failed(Unreachable, f"{ELSEWHERE}:{server.port}")


def test_another_machine_without_tls_is_asked_nothing(elsewhere: None) -> None:
    with LoopbackHttp(lambda _: Reply(404)) as server:
        failed(Unreachable, f"{ELSEWHERE}:{server.port}")
        assert not server.requests


def test_another_machine_does_not_send_it_to_this_one_without_tls(elsewhere: None, certificate: Certificate) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.file, certificate.key_file)
    with LoopbackHttp(lambda _: Reply(404)) as inside:
        there = Reply(307, {"Location": f"http://{inside.address}/"})
        with LoopbackHttp(lambda _: there, context) as server:
            assert "not encrypted" in failed(Unreachable, f"{ELSEWHERE}:{server.port}")
            assert server.requests
        assert not inside.requests


# What is not believed


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(503), "status 503"),
        (Reply(429), "status 429"),
        (Reply(200, {"Content-Type": "text/html"}, b"<html>"), "JSON"),
        (Reply(200, {"Content-Type": OCI.image}, b"[" * 100_000), "JSON"),
        (Reply(200, {"Content-Type": OCI.image}, b"[]"), "JSON"),
        (Reply(200, {"Content-Type": OCI.image}, b" " * (LIMIT_BYTES + 1)), "larger than 4 MiB"),
        (Reply(307, {"Location": "/again"}), "redirected more than"),
        (Reply(307), "redirected more than"),
    ],
)
def test_an_answer_that_is_none_is_unreachable_with_the_way_around(reply: Reply, said: str) -> None:
    with LoopbackHttp(lambda _: reply) as server:
        sentence = failed(Unreachable, server.address)
        assert said in sentence
        assert f"--image {server.address}/{NAME}@sha256:…" in sentence


def test_a_body_without_end_is_not_read_to_its_end() -> None:
    sent: list[int] = []

    def units() -> Iterator[bytes]:
        while len(sent) < 1000:
            sent.append(1)
            yield b" " * 2**20

    with LoopbackHttp(lambda _: Reply(200, {}, units())) as server:
        assert "larger than 4 MiB" in failed(Unreachable, server.address)
    assert len(sent) < 100


def test_a_registry_that_is_silent_or_very_slow_is_unreachable() -> None:
    over = threading.Event()

    def drops() -> Iterator[bytes]:
        while not over.wait(0.05):
            yield b" "

    with LoopbackHttp(lambda _: Reply(200, {}, drops())) as slow, socket.create_server(("127.0.0.1", 0)) as silent:
        assert "longer than 3 s" in failed(Unreachable, slow.address, 3.0)
        assert "timed out" in failed(Unreachable, f"127.0.0.1:{silent.getsockname()[1]}", 0.3)
        over.set()


def test_a_proxy_is_not_asked_for_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with holding(tmp_path, NAME) as server:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        assert Registry().build(f"{server.address}/{NAME}", "v1").ref == "main"


def test_a_registry_that_is_away_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert "refused" in failed(Unreachable, f"127.0.0.1:{port}")
    failed(Unreachable, f"{'a' * 64}.example")
    monkeypatch.setenv("HTTPS_PROXY", "socks9://127.0.0.1:1")
    assert "proxy" in failed(Unreachable, ELSEWHERE)


@pytest.mark.parametrize(
    ("headers", "data"),
    [
        ({"Docker-Content-Digest": f"sha256:{'0' * 64}"}, {}),
        ({}, {"mediaType": OCI.index}),
        ({}, {"config": {"mediaType": OCI.config, "digest": "sha256:../../blobs"}}),
        ({}, {"config": {"mediaType": OCI.config, "digest": f"sha256:{'0' * 64}"}}),
        ({}, {"config": 5}),
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(headers: dict[str, str], data: dict[str, Any]) -> None:
    body = json.dumps({**json.loads(image()[0]), **data}).encode()

    def answer(request: Request) -> Reply:
        manifest = Reply(200, {"Content-Type": OCI.image, **headers}, body)
        return manifest if "/manifests/" in request.path else Reply(body=image()[1])

    with LoopbackHttp(answer) as server:
        failed(Refused, server.address)
        assert all(re.search(r"/manifests/v1$|/blobs/sha256:[0-9a-f]{64}$", each.path) for each in server.requests)


def test_a_digest_is_that_of_the_very_bytes() -> None:
    body = image()[0] + b"\n  "

    def answer(request: Request) -> Reply:
        manifest = Reply(200, {"Content-Type": f"{OCI.image}; charset=utf-8"}, body)
        return manifest if "/manifests/" in request.path else Reply(body=image()[1])

    with LoopbackHttp(answer) as server:
        build = Registry().build(f"{server.address}/{NAME}", "v1")
    assert build.image.endswith(hashlib.sha256(body).hexdigest())
    assert {request.headers["Accept-Encoding"] for request in server.requests} == {"identity"}
