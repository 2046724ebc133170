"""A webhook of the people who look after the fleet: takes the alerts that Flux sends."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Event = dict[str, Any]


class Alerts:
    """Listens at `url`, and keeps the events that came, the oldest first."""

    def __init__(self, address: str = "10.255.1.2", port: int = 8080) -> None:
        self.events: list[Event] = []
        self.url = f"http://{address}:{port}/"
        self._server = ThreadingHTTPServer((address, port), _handler(self.events))
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def about(self, kind: str, name: str, cluster: str) -> list[str]:
        """The messages about one object of a cluster."""
        return [
            event["message"]
            for event in list(self.events)
            if (event["involvedObject"]["kind"], event["involvedObject"]["name"]) == (kind, name)
            and event["metadata"]["cluster"] == cluster
        ]

    def stop(self) -> None:
        """Goes away."""
        self._server.shutdown()
        self._server.server_close()


def _handler(events: list[Event]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            events.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return Handler
