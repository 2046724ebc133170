"""A Git server over HTTP, for clusters to pull from and people to push to. It can stop and start again.

Git itself answers (`git http-backend`); around it are the check of a password, and the webhooks of a forge.
"""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import threading
from email.message import Message
from email.parser import BytesHeaderParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx

USER, PASSWORD = "fleet", "read-and-write"
_REPOSITORY = "fleet.git"


class Webhook(NamedTuple):
    """Whom to call when a branch moves: with `X-Signature`, an HMAC of the body, as Flux's `generic-hmac` wants it."""

    url: str
    token: str
    branch: str = "live"

    def call(self, commit: str) -> None:
        """Sends the commit that the branch is at. Raises `httpx.HTTPError` if the call fails."""
        body = json.dumps({"ref": f"refs/heads/{self.branch}", "after": commit}).encode()
        signature = hmac.new(self.token.encode(), body, hashlib.sha256).hexdigest()
        answer = httpx.post(self.url, content=body, headers={"X-Signature": f"sha256={signature}"}, trust_env=False)
        answer.raise_for_status()


class GitServer:
    """One empty repository, `url`, for those who know `USER` and `PASSWORD`.

    `webhooks` are called after a push that moved their branch; a receiver that is away misses the call, and pulls
    at its interval.
    """

    def __init__(self, folder: Path, address: str = "10.255.1.1", port: int = 3000) -> None:
        """`folder` is where the repository lies; `address` one that this machine answers for."""
        self.repository = folder / _REPOSITORY
        self.webhooks: list[Webhook] = []
        self.refused: list[str] = []
        """The errors of webhooks."""
        self._at = (address, port)
        self._server: ThreadingHTTPServer | None = None
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(self.repository)], check=True)
        self.start()

    @property
    def url(self) -> str:
        """Where clusters pull from."""
        return f"http://{self._at[0]}:{self._at[1]}/{_REPOSITORY}"

    @property
    def push_url(self) -> str:
        """The same with the password in it, for `git push`."""
        return self.url.replace("://", f"://{USER}:{PASSWORD}@")

    def start(self) -> None:
        """Starts again, if it was stopped."""
        if self._server is None:
            self._server = ThreadingHTTPServer(self._at, _handler(self))
            threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Stops: connections are refused."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def commit(self, branch: str) -> str:
        """The commit that the branch is at, or an empty string."""
        words = ["git", "-C", str(self.repository), "rev-parse", "-q", "--verify", f"refs/heads/{branch}"]
        return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()

    def call_webhooks(self, before: dict[str, str]) -> None:
        """Calls the webhooks whose branch has moved."""
        for hook in self.webhooks:
            commit = self.commit(hook.branch)
            if commit != before.get(hook.branch):
                try:
                    hook.call(commit)
                except httpx.HTTPError as error:
                    self.refused.append(f"{hook.url}: {error}")

    def branches(self) -> dict[str, str]:
        """Where the branches of the webhooks are."""
        return {branch: self.commit(branch) for branch in {hook.branch for hook in self.webhooks}}

    def __enter__(self) -> "GitServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _handler(server: GitServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            body = _body(self.headers, self.rfile)
            before = server.branches()
            self._answer(body)
            if urlsplit(self.path).path.endswith("/git-receive-pack"):
                server.call_webhooks(before)

        def _answer(self, body: bytes) -> None:
            if not _known(self.headers.get("Authorization", "")):
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="fleet"')
                self._end(b"")
                return
            status, headers, content = _backend(server.repository.parent, self.command, self.path, self.headers, body)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self._end(content)

        def _end(self, content: bytes) -> None:
            self.send_header("Content-Length", str(len(content)))
            # A kept-alive connection would still be served after `stop`.
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _known(authorization: str) -> bool:
    given = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    return hmac.compare_digest(authorization.encode(), f"Basic {given}".encode())


def _body(headers: Message, stream: BufferedIOBase) -> bytes:
    """The whole body; Git sends large ones in chunks (RFC 9112, section 7.1)."""
    if headers.get("Transfer-Encoding", "").lower() != "chunked":
        return stream.read(int(headers.get("Content-Length", "0")))
    parts = []
    while size := int(stream.readline().split(b";")[0], 16):
        parts.append(stream.read(size))
        stream.readline()
    stream.readline()
    return b"".join(parts)


def _backend(root: Path, method: str, path: str, headers: Message, body: bytes) -> tuple[int, Message, bytes]:
    """Status, headers and content, as Git's own CGI program has them (RFC 3875)."""
    url = urlsplit(path)
    variables = {
        "PATH": os.environ["PATH"],
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "REQUEST_METHOD": method,
        "PATH_INFO": url.path,
        "QUERY_STRING": url.query,
        "CONTENT_TYPE": headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_CONTENT_ENCODING": headers.get("Content-Encoding", ""),
        "GIT_PROTOCOL": headers.get("Git-Protocol", ""),
        "REMOTE_USER": USER,
    }
    done = subprocess.run(["git", "http-backend"], input=body, env=variables, capture_output=True, check=True)
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    answered: Message = BytesHeaderParser().parsebytes(head)
    status = answered.get("Status", "200 OK").split()[0]
    del answered["Status"]
    return int(status), answered, content
