"""Serves a page and its API on 127.0.0.1 alone, to whoever has the token; knows nothing of what it serves.

Nothing is looked up on a disk: what there is to get stands in maps, by its whole path. Handlers run in the thread of
their request.
"""

from __future__ import annotations

import json
import logging
import os
import socketserver
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, TypeAlias
from urllib.parse import quote, urlsplit

from multiplane_viewer.answer import Answer, Refused, refusal
from multiplane_viewer.guard import HEADERS, Entrances, check_origin, check_site, check_token

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
MAX_BODY_BYTES = 1 << 18
"""Of a request: the longest is a list of layers and points."""
SILENCE = 60.0
"""Seconds after which a connection that says nothing is closed."""
FOR_EVER = "private, max-age=31536000, immutable"
NEVER = "no-store"

Get: TypeAlias = Callable[[], Answer]
Post: TypeAlias = Callable[[dict[str, Any]], Answer]
Find: TypeAlias = Callable[[str], Answer | None]


@dataclass(frozen=True)
class Site:
    """All that there is to ask for. `index` is at /?token=..., `files` need no token: they are the same for everybody.

    `get` and `post` answer at whole paths. `pieces` answers below a path: it is given what follows, a name that it
    must know, never a path.
    """

    index: Answer
    files: Mapping[str, Answer] = field(default_factory=dict)
    get: Mapping[str, Get] = field(default_factory=dict)
    post: Mapping[str, Post] = field(default_factory=dict)
    pieces: Mapping[str, Find] = field(default_factory=dict)


class Server:
    """A site at a port of this machine, answered in the background between `start` and `stop`.

    Port 0 takes a free one. Raises OSError where the port cannot be had.
    """

    def __init__(self, site: Site, token: str, port: int = 0) -> None:
        self.token = token
        self._http = _Http((HOST, port), site, self.token)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.1,), name="serve", daemon=True)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self._http.server_address[1])

    @property
    def address(self) -> str:
        """What to open in a browser; whoever knows it may do everything that the page may."""
        return f"http://{HOST}:{self.port}/?token={self.token}"

    def address_for_once(self) -> str:
        """An address that leads to `address` the first time that it is opened, and nowhere after that."""
        return f"http://{HOST}:{self.port}/?once={self._http.entrances.new()}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more requests; those under way are left to themselves."""
        if self._thread.is_alive():
            self._http.shutdown()
        self._http.server_close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    # On Windows, that would let another program listen on the same port.
    allow_reuse_address = os.name == "posix"

    def __init__(self, place: tuple[str, int], site: Site, token: str) -> None:
        self.site, self.token, self.entrances = site, token, Entrances()
        super().__init__(place, _Handler)

    def server_bind(self) -> None:
        """Bind without the standard library's look-up of this machine's name, which asks the net."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of connections that the browser broke off; anything else is a bug, and told in full."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Http
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "multiplane", ""
    timeout = SILENCE
    disable_nagle_algorithm = True  # else the body waits until the head is acknowledged

    def do_GET(self) -> None:
        """Answer a GET."""
        self._answer("GET")

    def do_HEAD(self) -> None:
        """Answer as a GET, without the body."""
        self._answer("GET")

    def do_POST(self) -> None:
        """Answer a POST."""
        self._answer("POST")

    def log_message(self, *_: Any) -> None:
        """Keep the terminal quiet."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Tell in JSON of a request that the standard library could not read or has no method for."""
        del explain
        self.close_connection = True
        self._send(refusal(Refused(code, message or HTTPStatus(code).phrase)))

    def _answer(self, method: Literal["GET", "POST"]) -> None:
        try:
            answer = self._find(method)
        except Refused as refused:
            answer = refusal(refused)
        except Exception:
            log.exception("a bug: %s failed", urlsplit(self.path).path)
            answer = refusal(Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "that failed; the terminal says why"))
        if method == "POST" and answer.status >= HTTPStatus.BAD_REQUEST:
            self.close_connection = True  # a body may be left unread
        self._send(answer)

    def _find(self, method: Literal["GET", "POST"]) -> Answer:
        check_origin(self.headers)
        where, site = urlsplit(self.path), self.server.site
        if where.path == "/" and method == "GET":
            if self.server.entrances.use(where.query):
                return Answer(b"", "text/plain", HTTPStatus.SEE_OTHER, location=f"/?token={self.server.token}")
            check_token(self.server.token, self.headers, where.query, in_query=True)
            return site.index
        check_site(self.headers)
        if method == "GET" and (file := site.files.get(where.path)):
            return file
        check_token(self.server.token, self.headers, where.query, in_query=method == "GET")
        if method == "GET" and (handler := site.get.get(where.path)):
            return handler()
        if method == "GET" and (answer := self._piece(where.path)):
            return answer
        if method == "POST" and (action := site.post.get(where.path)):
            return action(self._body())
        known = {"GET": site.post, "POST": site.get}[method]
        if where.path in known or where.path == "/":
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, f"{where.path} does not answer {method}")
        raise Refused(HTTPStatus.NOT_FOUND, "there is nothing at this address")

    def _piece(self, path: str) -> Answer | None:
        for prefix, find in self.server.site.pieces.items():
            if path.startswith(prefix):
                return find(path.removeprefix(prefix))
        return None

    def _body(self) -> dict[str, Any]:
        """The JSON object that was sent, whose size is known and small."""
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or "Transfer-Encoding" in self.headers:
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "say how long the request is")
        if int(length) > MAX_BODY_BYTES:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a request holds at most {MAX_BODY_BYTES} bytes")
        if self.headers.get_content_type() != "application/json":
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send JSON, and say so: Content-Type: application/json")
        try:
            value = json.loads(self.rfile.read(int(length)), parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise Refused(HTTPStatus.BAD_REQUEST, f"that is not JSON: {error}") from error
        if not isinstance(value, dict):
            raise Refused(HTTPStatus.BAD_REQUEST, "send a JSON object")
        return value

    def _send(self, answer: Answer) -> None:
        # Requests that could not be read have no headers.
        headers = getattr(self, "headers", None) or {}
        known = answer.etag is not None and f'"{answer.etag}"' in headers.get("If-None-Match", "")
        self.send_response(HTTPStatus.NOT_MODIFIED if known else answer.status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Cache-Control", NEVER if answer.etag is None else FOR_EVER)
        if answer.etag is not None:
            self.send_header("ETag", f'"{answer.etag}"')
        if answer.location is not None:
            self.send_header("Location", answer.location)
        if answer.file_name is not None:
            self.send_header("Content-Disposition", f"attachment; filename*=UTF-8''{quote(answer.file_name, safe='')}")
        if self.close_connection:
            self.send_header("Connection", "close")
        if not known:
            self.send_header("Content-Type", answer.media_type)
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD" and not known:
            self.wfile.write(answer.body)


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is no number")
