"""A model hub on this machine: answers HEAD as the real one does, resumes, and can misbehave."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Hub:
    """Files by their path on the hub, and what goes wrong."""

    files: dict[str, bytes] = field(
        default_factory=dict, repr=False
    )  # "owner/name/resolve/main/file"
    url: str = ""
    announces: bool = True  # size and sha256
    small: set[str] = field(default_factory=set)  # names outside large-file storage: git's digest
    moved: str = ""  # answers with this repository's new name first
    resumes: bool = True
    cuts: list[int] = field(default_factory=list)  # bytes after which connections end
    statuses: list[int] = field(default_factory=list)  # of the next downloads
    sent: dict[str, bytes] = field(default_factory=dict, repr=False)  # instead of the true content
    asked: list[tuple[str, str, str]] = field(default_factory=list)  # method, path, range

    def digest(self, path: str) -> str:
        content = self.files[path]
        if path.rpartition("/")[2] in self.small:
            return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        return hashlib.sha256(content).hexdigest()


@contextmanager
def running() -> Iterator[Hub]:
    """A hub that answers until the end of the block."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer()

        def do_GET(self) -> None:
            self._answer()

        def _answer(self) -> None:
            path = self.path.lstrip("/")
            hub.asked.append((self.command, path, self.headers.get("Range", "")))
            if path.startswith("bytes/"):
                return self._bytes(path.removeprefix("bytes/"))
            if hub.moved and path.startswith(hub.moved):
                return self._head(307, 0, Location="/" + path.replace(hub.moved, "new/name"))
            path = path.replace("new/name", hub.moved) if hub.moved else path
            if path not in hub.files:
                return self._head(404, 0)
            extra = {"Location": f"/bytes/{path}"}
            if hub.announces:
                extra["X-Linked-ETag"] = f'"{hub.digest(path)}"'
                extra["X-Linked-Size"] = str(len(hub.files[path]))
            return self._head(302, 0, **extra)

        def _head(self, status: int, length: int, **headers: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(length))
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()

        def _bytes(self, path: str) -> None:
            if hub.statuses:
                return self._head(hub.statuses.pop(0), 0)
            content = hub.sent.get(path, hub.files[path])
            asked = self.headers.get("Range")
            start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and hub.resumes else 0
            body = content[start:]
            if start:
                span = f"bytes {start}-{len(content) - 1}/{len(content)}"
                self._head(206, len(body), Content_Range=span)
            else:
                self._head(200, len(body))
            if hub.cuts:
                body = body[: hub.cuts.pop(0)]
                self.close_connection = True
            self.wfile.write(body)
            return None

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
