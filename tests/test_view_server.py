"""The viewer's server answers its own page alone: token, host, origin, fixed names, sizes, headers, caching."""

import http.client
import json
import socket
from http import HTTPStatus

import pytest

from multiplane_viewer.answer import Answer, Refused, json_answer
from multiplane_viewer.guard import TOKEN_HEADER, new_token
from multiplane_viewer.serve import MAX_BODY_BYTES, Server, Site


def _fails():
    raise ZeroDivisionError("a bug")


def _refuses():
    raise Refused(HTTPStatus.CONFLICT, "not\nnow", mend="later")


@pytest.fixture(scope="module")
def server():
    pieces = {"a-1": Answer(b"\x89PNG", "image/png", etag="a-1")}
    site = Site(
        index=Answer(b"<!doctype html>", "text/html; charset=utf-8"),
        files={"/assets/index-1.js": Answer(b"1", "text/javascript")},
        get={"/api/scene": lambda: json_answer({"version": 1}), "/api/bug": _fails, "/api/no": _refuses},
        post={
            "/api/edit": json_answer,
            "/api/export": lambda _: Answer(b"8BPS", "application/octet-stream", file_name='a"b\r\nü.psd'),
        },
        pieces={"/api/picture/": pieces.get},
    )
    server = Server(site, new_token())
    server.start()
    yield server
    server.stop()


class Reply:
    """Status, headers and body of an answer."""

    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    @property
    def json(self):
        return json.loads(self.body)


@pytest.fixture
def ask(server):
    def ask(path, method="GET", token=True, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        sent = {TOKEN_HEADER: server.token} if token is True else {TOKEN_HEADER: token} if token else {}
        if body is not None:
            sent["Content-Type"] = "application/json"
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        connection.request(method, path, body, sent)
        reply = Reply(connection.getresponse())
        connection.close()
        return reply

    return ask


def test_only_this_machine_is_listened_on(server):
    """At 127.0.0.2 Linux answers for whoever listens on every address."""
    socket.create_connection(("127.0.0.1", server.port), 5).close()
    with pytest.raises(OSError, match=r"refused|timed out|assign"):
        socket.create_connection(("127.0.0.2", server.port), 5)


def test_the_page_needs_the_token_and_its_parts_do_not(server, ask):
    assert ask(f"/?token={server.token}", token=None).status == 200
    assert ask("/assets/index-1.js", token=None).body == b"1"
    for path in (
        "/",
        "/?token=",
        "/?token=x",
        f"/?token={server.token}x",
        f"/?token={server.token[:-1]}",
        "/?" + "a=1&" * 99,
    ):
        assert ask(path, token=None).status == 403, path


def test_an_address_for_once_leads_to_the_page_once(server, ask):
    """So that it may be seen by others when a browser is started with it."""
    address = server.address_for_once()
    assert server.token not in address
    path = address.removeprefix(f"http://127.0.0.1:{server.port}")
    reply = ask(path, token=None)
    assert (reply.status, reply.headers["Location"]) == (303, f"/?token={server.token}")
    assert ask(reply.headers["Location"], token=None).status == 200
    assert ask(path, token=None).status == 403
    assert "Location" not in ask(path, token=None).headers
    assert ask(server.address_for_once(), token=None, Host="evil.example").status == 403


@pytest.mark.parametrize("token", [None, "wrong", "é", "x" * 5000])
@pytest.mark.parametrize("path", ["/api/scene", "/api/picture/a-1", "/api/nothing", "/etc/passwd"])
def test_without_the_token_nothing_is_told(ask, path, token):
    reply = ask(path, token=token)
    assert reply.status == 403
    assert list(reply.json) == ["error"]
    assert "\n" not in reply.json["error"]


def test_pictures_take_the_token_in_their_address_and_edits_do_not(server, ask):
    assert ask(f"/api/picture/a-1?token={server.token}", token=None).body == b"\x89PNG"
    assert ask(f"/api/edit?token={server.token}", "POST", token=None, body="{}").status == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "0.0.0.0", "[::1]:80", "", "localhost.evil:1"]
)
def test_another_name_of_this_machine_is_refused(server, ask, host):
    for path in ("/api/scene", f"/?token={server.token}", "/assets/index-1.js"):
        assert ask(path, Host=host).status == 403


def test_an_http_1_0_request_without_a_host_is_refused(server):
    with socket.create_connection(("127.0.0.1", server.port), 5) as link:
        link.sendall(f"GET /api/scene?token={server.token} HTTP/1.0\r\n\r\n".encode())
        assert b" 403 " in link.recv(1000)


def test_its_names_are_answered_at_any_port_so_that_ssh_can_forward_it(ask):
    for host in ("localhost:9000", "127.0.0.1", "LOCALHOST"):
        assert ask("/api/scene", Host=host).status == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1", ""])
def test_another_origin_is_refused(server, ask, origin):
    for path, method in (("/api/scene", "GET"), ("/api/edit", "POST"), (f"/?token={server.token}", "GET")):
        assert ask(path, method, Origin=origin, body="{}" if method == "POST" else None).status == 403


def test_its_own_origin_is_answered(server, ask):
    here = f"http://127.0.0.1:{server.port}"
    assert ask("/api/edit", "POST", Origin=here, body='{"a": 1}').json == {"a": 1}


def test_what_another_site_makes_the_browser_ask_is_refused(server, ask):
    for site in ("cross-site", "same-site"):
        assert ask("/api/scene", Sec_Fetch_Site=site).status == 403
        assert ask("/assets/index-1.js", Sec_Fetch_Site=site).status == 403
        assert ask(f"/?token={server.token}", Sec_Fetch_Site=site).status == 200, "a link in a chat may be followed"
    for site in ("same-origin", "none"):
        assert ask("/api/scene", Sec_Fetch_Site=site).status == 200


@pytest.mark.parametrize(
    "path",
    [
        *("/../../etc/passwd", "/assets/../../../etc/passwd", "/assets/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd"),
        *("/assets/", "/assets", "/assets/index-1.js/", "/assets/..%2findex-1.js", "/api/picture/", "/api/picture"),
        *("/api/picture/../scene", "/api/picture/a-1%00", "/api/picture/a-1/", "/api/picture/a-1/../a-1"),
        *("/.git/config", "/index.html", "/api/scene/", "/\\..\\..\\etc"),
    ],
)
def test_no_path_leads_anywhere_but_to_known_names(ask, path):
    assert ask(path).status == 404


def test_sizes_and_kinds_of_requests_are_limited(ask):
    whole = json.dumps({"a": "x" * (MAX_BODY_BYTES - 10)})
    assert len(whole) == MAX_BODY_BYTES - 1
    assert ask("/api/edit", "POST", body=whole).status == 200
    assert ask("/api/edit", "POST", body="{}", Content_Length=str(MAX_BODY_BYTES + 1)).status == 413
    assert ask("/api/edit", "POST", body="{}", Content_Type="text/plain").status == 415
    assert ask("/api/edit", "POST", body="{}", Content_Length="-1").status == 411
    assert ask("/api/edit", "POST", body="{}", Transfer_Encoding="chunked").status == 411
    for body in ("", "x", "[1]", '{"a": NaN}', "\xff", "[" * 5000):
        reply = ask("/api/edit", "POST", body=body.encode("latin-1"))
        assert reply.status == 400, body
        assert "\n" not in reply.json["error"]
    assert ask("/api/scene", X="y" * 70_000).status == 431


def test_a_size_is_refused_before_anything_is_read(server):
    with socket.create_connection(("127.0.0.1", server.port), 5) as link:
        head = f"POST /api/edit HTTP/1.1\r\nHost: localhost\r\n{TOKEN_HEADER}: {server.token}\r\n"
        link.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n".encode())
        assert b" 413 " in link.recv(1000)


def test_methods_are_told_apart(ask):
    assert ask("/api/edit").status == 405
    assert ask("/api/scene", "POST", body="{}").status == 405
    for method in ("PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"):
        reply = ask("/api/scene", method)
        assert reply.status == 501
        assert reply.json["error"]
    assert ask("/api/scene", "HEAD").body == b""


def test_every_answer_forbids_what_it_can(server, ask):
    replies = [
        ask("/api/scene"),
        ask("/nothing"),
        ask(f"/?token={server.token}"),
        ask("/", token=None),
        ask("/", "PUT"),
    ]
    for reply in replies:
        policy = reply.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Referrer-Policy"] == "no-referrer"
        assert reply.headers["Cache-Control"] == "no-store"
        assert "Python" not in reply.headers["Server"]
        assert "Access-Control-Allow-Origin" not in reply.headers


def test_pictures_are_kept_for_ever_and_not_sent_twice(ask):
    reply = ask("/api/picture/a-1")
    assert reply.headers["ETag"] == '"a-1"'
    assert "immutable" in reply.headers["Cache-Control"]
    again = ask("/api/picture/a-1", If_None_Match='"a-1"')
    assert (again.status, again.body) == (304, b"")
    assert ask("/api/picture/a-1", If_None_Match='"a-2"').status == 200


def test_a_file_to_save_has_a_name_that_cannot_break_its_header(ask):
    reply = ask("/api/export", "POST", body="{}")
    assert reply.headers["Content-Disposition"] == "attachment; filename*=UTF-8''a%22b%0D%0A%C3%BC.psd"
    assert reply.body == b"8BPS"


def test_refusals_and_bugs_are_one_line_of_json(ask, caplog):
    reply = ask("/api/no")
    assert (reply.status, reply.json) == (409, {"error": "not now", "mend": "later"})
    reply = ask("/api/bug")
    assert reply.status == 500
    assert "ZeroDivisionError" not in reply.json["error"]
    assert "ZeroDivisionError" in caplog.text


def test_a_request_that_is_none_is_told_so(server):
    for noise in (b"\x16\x03\x01\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", server.port), 5) as link:
            link.sendall(noise)
            assert b'"error"' in link.recv(4000)


def test_a_port_that_is_taken_is_an_error(server):
    with pytest.raises(OSError, match=r"in use"):
        Server(Site(Answer(b"", "text/html")), "t", server.port)


def test_one_connection_takes_many_requests(server):
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    for _ in range(3):
        link.request("GET", "/api/scene", headers={TOKEN_HEADER: server.token})
        assert link.getresponse().read() == b'{"version":1}'
        assert link.sock is not None
    link.close()
