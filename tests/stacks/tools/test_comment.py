"""One comment on a request, on GitHub and on GitLab."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from stacks.tools.comment import LIMIT, MARK, comment, main

ME = {"github": "github-actions[bot]", "gitlab": "project_bot"}


class FakeForge:
    """An API that keeps comments, as GitHub's and GitLab's do."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.comments: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.tokens: set[str] = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def add(self, body: str, who: str) -> dict[str, Any]:
        author = {"user": {"login": who}} if self.kind == "github" else {"author": {"username": who}}
        self.comments.append({"id": len(self.comments) + 1, "body": body, **author})
        return self.comments[-1]

    def answer(self, method: str, path: str, body: dict[str, str]) -> Any:
        path, _, query = path.partition("?")
        self.asked.append(f"{method} {path}")
        if path == "/user":
            return {"username": ME["gitlab"]}
        if method == "POST":
            return self.add(body["body"], ME[self.kind])
        if method == "GET":
            page = int(query.rpartition("page=")[2])
            return self.comments[100 * (page - 1) : 100 * page]
        self.comments[int(path.rpartition("/")[2]) - 1]["body"] = body["body"]
        return {}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        forge = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                forge.tokens.add(self.headers.get("PRIVATE-TOKEN") or self.headers.get("Authorization") or "")
                answer = json.dumps(forge.answer(self.command, self.path, json.loads(text or b"{}"))).encode()
                self.send_response(200)
                self.end_headers()
                self.wfile.write(answer)

            do_POST = do_PATCH = do_PUT = do_GET

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@pytest.fixture(params=["github", "gitlab"])
def forge(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeForge]:
    made = FakeForge(request.param)
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    values = {
        "github": {"GITHUB_API_URL": made.address, "GITHUB_REPOSITORY": "shop/fleet", "REQUEST": "7"},
        "gitlab": {"CI_API_V4_URL": made.address, "CI_PROJECT_ID": "3", "CI_MERGE_REQUEST_IID": "7"},
    }
    for name, value in {**values[made.kind], "COMMENT_TOKEN": "token"}.items():
        monkeypatch.setenv(name, value)
    yield made
    made.close()


@pytest.fixture
def plans(tmp_path: Path) -> list[str]:
    (tmp_path / "first.md").write_text("plan of first\n", encoding="utf-8")
    (tmp_path / "second.md").write_text("", encoding="utf-8")
    return [str(tmp_path / "first.md"), str(tmp_path / "second.md")]


def test_all_plans_are_in_one_comment_and_a_missing_one_is_named(forge: FakeForge, plans: list[str]) -> None:
    assert main(plans) == 0
    said = "There is no plan of **second**. Its job says why."
    assert [each["body"] for each in forge.comments] == [f"{MARK}\n\nplan of first\n\n{said}\n"]
    assert forge.tokens == ({"Bearer token"} if forge.kind == "github" else {"token"})


def test_the_previous_comment_is_updated(forge: FakeForge, plans: list[str]) -> None:
    for each in range(120):
        forge.add(f"talk {each}", "ada")
    main(plans)
    Path(plans[0]).write_text("another plan", encoding="utf-8")
    main(plans)
    ours = [each["body"] for each in forge.comments if MARK in each["body"]]
    assert len(ours) == 1
    assert "another plan" in ours[0]
    place = (
        "/repos/shop/fleet/issues/comments/121" if forge.kind == "github" else "/projects/3/merge_requests/7/notes/121"
    )
    assert forge.asked[-1].endswith(f" {place}")


def test_a_comment_by_another_author_is_not_updated(forge: FakeForge, plans: list[str]) -> None:
    forge.add(f"{MARK}\n\nno change at all", "mallory")
    main(plans)
    theirs, ours = forge.comments
    assert theirs["body"].endswith("no change at all")
    assert "plan of first" in ours["body"]


def test_a_variable_that_is_missing_is_named(
    plans: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("COMMENT_TOKEN", raising=False)
    assert main(plans) == 1
    assert "COMMENT_TOKEN is not set" in capsys.readouterr().err


def test_an_unreachable_forge_is_one_sentence(
    forge: FakeForge, plans: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    forge.close()
    assert main(plans) == 1
    assert "cannot write the comment" in capsys.readouterr().err


PLAN = "<details><summary>plan</summary>\n\n```text\n{}\n```\n</details>"


@pytest.mark.parametrize("sizes", [(10, 100_000), (100_000, 10), (50_000, 50_000, 50_000), (64_990,), (70_000, 0)])
def test_a_long_plan_is_cut_and_stays_valid_markdown(sizes: tuple[int, ...]) -> None:
    text = comment([(f"e{at}", PLAN.format("a line\n" * (size // 7))) for at, size in enumerate(sizes)])
    assert len(text) <= LIMIT
    assert text.count("<details>") == text.count("</details>") == len(sizes)
    assert sum(line.startswith("```") for line in text.splitlines()) == 2 * len(sizes)


def test_a_short_plan_is_whole_beside_a_long_one() -> None:
    short = PLAN.format("short")
    text = comment([("long", PLAN.format("a line\n" * 20_000)), ("short", short)])
    assert short in text
    assert text.count("The plan is too long for a comment") == 1
    assert len(text) > 0.95 * LIMIT
