"""Who may read a registry, and where their credentials never go."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from desired.core.errors import Problem, Refused, Unreachable
from desired.outside.image_registry import Registry
from tests.support.docker_registry import OCI, holding, image
from tests.support.loopback_http import LoopbackHttp, Reply, Request
from tests.support.token_service import TokenService

NAME = "acme/checkout"
LOGIN = "ada:a password of the tests"
ENCODED = base64.b64encode(LOGIN.encode()).decode()
#: What `htpasswd -B` makes of it.
HTPASSWD = "ada:$2b$05$vwxyA.QLADhaoCHiWR7PY.jwEsUNbqSkWUpxcXEtQDFPg38WORFRy\n"


@pytest.fixture
def log_in(docker_config: Path) -> Callable[[str], None]:
    def write(registry: str, login: str = LOGIN) -> None:
        auth = base64.b64encode(login.encode()).decode()
        docker_config.write_text(json.dumps({"auths": {registry: {"auth": auth}, "ghcr.io": {}}}))

    return write


def failed(kind: type[Problem], place: str, timeout: float = 60.0) -> str:
    with pytest.raises(Problem) as problem:
        Registry(timeout).build(f"{place}/{NAME}", "v1")
    assert problem.type is kind
    assert "\n" not in str(problem.value)
    return str(problem.value)


def authorizations(server: LoopbackHttp) -> list[str | None]:
    return [request.headers.get("Authorization") for request in server.requests]


# Who may read


def test_a_registry_with_passwords_is_read_with_the_login_of_docker(
    tmp_path: Path, log_in: Callable[..., None]
) -> None:
    (tmp_path / "htpasswd").write_text(HTPASSWD)
    auth = {"htpasswd": {"realm": "tests", "path": str(tmp_path / "htpasswd")}}
    with holding(tmp_path, NAME, auth=auth) as server:
        assert f"docker login {server.address}" in failed(Refused, server.address)
        log_in(f"http://{server.address}/v2/")
        assert Registry().build(f"{server.address}/{NAME}", "v1").ref == "main"
        log_in(server.address, "ada:a wrong one")
        assert "docker login" in failed(Refused, server.address)


@pytest.mark.parametrize("login", ["", LOGIN], ids=["for everybody", "with a login"])
def test_a_registry_with_tokens_is_read_with_one_token_for_each_lookup(
    tmp_path: Path, log_in: Callable[..., None], login: str
) -> None:
    with TokenService(tmp_path, login) as tokens, holding(tmp_path, NAME, auth=tokens.auth) as server:
        if login:
            assert "docker login" in failed(Refused, server.address)
            log_in(server.address)
            tokens.http.requests.clear()
        assert Registry().build(f"{server.address}/{NAME}", "v1").ref == "main"
        assert authorizations(tokens.http) == [f"Basic {ENCODED}" if login else None]
        assert "a=b&" in tokens.http.requests[0].path, "the realm's own query is kept"
        assert "scope=repository%3Aacme%2Fcheckout%3Apull" in tokens.http.requests[0].path


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"auths": 5}', '{"auths": {"127.0.0.1": {"auth": "%"}}}', '{"auths": {"127.0.0.1": 5}}']
)
def test_a_configuration_that_cannot_be_read_is_named(docker_config: Path, text: str) -> None:
    with LoopbackHttp(lambda _: Reply(401, {"WWW-Authenticate": 'Basic realm="tests"'})) as server:
        docker_config.write_text(text.replace("127.0.0.1", server.address))
        assert str(docker_config) in failed(Problem, server.address)


@pytest.mark.parametrize(("host", "login"), [("127.0.0.1", LOGIN), ("127.0.0.1:{port}", "no password")])
def test_what_is_no_login_for_this_registry_is_not_used(log_in: Callable[..., None], host: str, login: str) -> None:
    with LoopbackHttp(lambda _: Reply(401, {"WWW-Authenticate": 'Basic realm="tests"'})) as server:
        log_in(host.format(port=server.port), login)
        failed(Refused, server.address)
        assert authorizations(server) == [None]


@pytest.mark.parametrize("token", ['{"token": ""}', '{"token": 5}', '{"token": "a\\nb"}', "{}"])
def test_a_token_that_is_none_is_not_sent(token: str) -> None:
    def answer(request: Request) -> Reply:
        if request.path.startswith("/token"):
            return Reply(body=token.encode())
        return Reply(401, {"WWW-Authenticate": f'Bearer realm="http://{server.address}/token", Basic realm="tests"'})

    with LoopbackHttp(answer) as server:
        assert "without a token" in failed(Unreachable, server.address)
        assert authorizations(server) == [None, None]


# What never leaves


def behind_a_login(request: Request, more: Callable[[Request], Reply]) -> Reply:
    if request.headers.get("Authorization") != f"Basic {ENCODED}":
        return Reply(401, {"WWW-Authenticate": 'Basic realm="tests"'})
    return Reply(200, {"Content-Type": OCI.image}, image()[0]) if "/manifests/" in request.path else more(request)


def test_a_redirect_to_another_host_is_followed_without_credentials(log_in: Callable[..., None]) -> None:
    with LoopbackHttp(lambda _: Reply(body=image()[1])) as storage:

        def to_storage(request: Request) -> Reply:
            here = request.path.endswith("?here")
            location = f"http://{storage.address}/of/the/blob" if here else f"{request.path}?here"
            return Reply(307, {"Location": location, "Set-Cookie": "session=of-the-registry; Path=/"})

        with LoopbackHttp(lambda request: behind_a_login(request, to_storage)) as server:
            log_in(server.address)
            assert Registry().build(f"{server.address}/{NAME}", "v1").ref == "main"
            assert authorizations(server) == [None] + [f"Basic {ENCODED}"] * 3
    assert authorizations(storage) == [None]
    assert storage.requests[0].headers.get("Cookie") is None


def test_a_host_that_is_redirected_to_cannot_ask_for_credentials(log_in: Callable[..., None]) -> None:
    def asks(_: Request) -> Reply:
        return Reply(401, {"WWW-Authenticate": f'Bearer realm="http://{thief.address}/token"'})

    with LoopbackHttp(lambda _: Reply(404)) as thief, LoopbackHttp(asks) as storage:
        there = Reply(307, {"Location": f"http://{storage.address}/"})
        with LoopbackHttp(lambda _: there) as server:
            log_in(server.address)
            failed(Refused, server.address)
        assert storage.requests
        assert not thief.requests
