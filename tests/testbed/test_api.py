"""The API client of the test bed."""

import ssl

import httpx
import pytest

from testbed.api import Api, ApiError, Ref

SHOP = Ref("v1", "Namespace", "shop")


def _api(monkeypatch: pytest.MonkeyPatch, refusals: list[httpx.Response]) -> Api:
    """A server that first answers with these refusals, and then with the object."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v1":
            return httpx.Response(
                200, json={"resources": [{"kind": "Namespace", "name": "namespaces", "namespaced": False}]}
            )
        return refusals.pop(0) if refusals else httpx.Response(200, json={"kind": "Namespace"})

    api = Api("https://one.example.com", ssl.create_default_context())
    api._http = httpx.Client(base_url="https://one.example.com", transport=httpx.MockTransport(answer))
    return api


def test_a_request_is_sent_again_when_the_server_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = [httpx.Response(429, headers={"Retry-After": "1"}, json={"message": "storage is (re)initializing"})] * 3
    assert _api(monkeypatch, busy).get(SHOP) == {"kind": "Namespace"}


@pytest.mark.parametrize("status", [429, 409, 500])
def test_a_refusal_without_retry_after_is_final(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    with pytest.raises(ApiError, match="no") as refused:
        _api(monkeypatch, [httpx.Response(status, json={"message": "no"})]).get(SHOP)
    assert refused.value.status == status


def test_sending_again_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = [httpx.Response(429, headers={"Retry-After": "1"}, json={"message": "busy"})] * 99
    with pytest.raises(ApiError, match="busy"):
        _api(monkeypatch, busy).get(SHOP)
