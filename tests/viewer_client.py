"""A viewer's server over a scene file in this process, and a client that asks it as the page does."""

import http.client
import json
import threading
from contextlib import contextmanager

from multiplane_cli.view_api import Api
from multiplane_cli.view_bench import Bench
from multiplane_viewer.answer import Answer
from multiplane_viewer.guard import TOKEN_HEADER, new_token
from multiplane_viewer.serve import Server

PAGE = Answer(b"<!doctype html>", "text/html; charset=utf-8"), {}


class EndOfTest(BaseException):
    """Ends the bench's work, as Ctrl-C would."""


def _end():
    raise EndOfTest


class Client:
    """Asks a running viewer; `last` is the status of the last answer."""

    def __init__(self, server, session):
        self.server, self.session, self.last, self.headers = server, session, 0, {}

    def ask(self, path, asked=None):
        """The bytes that are answered to a POST of `asked`, or else to a GET."""
        link = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        headers = {TOKEN_HEADER: self.server.token, "Content-Type": "application/json"}
        link.request("GET" if asked is None else "POST", path, None if asked is None else json.dumps(asked), headers)
        response = link.getresponse()
        self.last, self.headers, body = response.status, response.headers, response.read()
        link.close()
        return body

    def scene(self):
        """The description."""
        return json.loads(self.ask("/api/scene"))

    def edit(self, action, **more):
        """The description after an edit, or its refusal."""
        return json.loads(self.ask("/api/edit", {"action": action, **more}))

    def post(self, path, **asked):
        """The JSON answer to a POST."""
        return json.loads(self.ask(path, asked))


@contextmanager
def viewer(session, page=PAGE, select="builtin"):
    """A client of a viewer of `session`, which ends with the block."""
    bench, token = Bench(), new_token()
    api = Api(session, bench, token, select)
    server = Server(api.site(*page), token)
    server.start()

    def work():
        try:
            bench.work()
        except EndOfTest:
            return

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield Client(server, session)
    finally:
        bench._jobs.put((_end, _Nobody()))
        thread.join()
        server.stop()
        api.stop()


class _Nobody:
    """Waits for nothing."""

    def set_exception(self, error):
        """Hear of it, and do nothing."""
