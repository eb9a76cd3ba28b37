"""Who may ask the server: the page that it served itself, on this machine, with the token that was handed out.

A page of another origin can make a browser send requests to 127.0.0.1, and by a name that it lets point there (DNS
rebinding) even read the answers. So a request must name this machine as its host, must not come from another origin,
and must carry a secret that only the printed address holds.
"""

import secrets
from email.message import Message
from http import HTTPStatus
from urllib.parse import parse_qs

from multiplane_viewer.answer import Refused

HOSTS = ("127.0.0.1", "localhost")
"""Names that no resolver on the net can point elsewhere. The port is not compared: ssh may forward another one."""
TOKEN_HEADER = "X-Multiplane-Token"
TOKEN_BYTES = 24
MOST_FIELDS = 16
"""Of a query; one with more has none."""
OWN_SITES = ("same-origin", "none")
"""What a browser says of requests by our own page, and of those that somebody made by hand."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
    " font-src 'self'; connect-src 'self' data: blob:; worker-src 'self' blob:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""On every answer: nothing is loaded from elsewhere, nothing is guessed, no other page may hold or read it."""


def new_token() -> str:
    """A secret that fits an address: 192 random bits."""
    return secrets.token_urlsafe(TOKEN_BYTES)


class Entrances:
    """Keys that open the page once each, and then are worth nothing.

    What starts a browser shows the address to everybody on this machine who lists its processes; so that address holds
    no token, but such a key, for which the browser gets the token.
    """

    def __init__(self) -> None:
        self._keys: set[str] = set()

    def new(self) -> str:
        """A key that nobody has used yet."""
        key = new_token()
        self._keys.add(key)
        return key

    def use(self, query: str) -> bool:
        """Whether `query` holds a key that was not used before; from now on it is."""
        try:
            self._keys.remove(_field(query, "once"))
        except KeyError:
            return False
        return True


def check_origin(headers: Message) -> None:
    """Refuse another host's name and another origin. `headers` finds names in any case."""
    host = headers.get("Host", "")
    if _name_of(host) not in HOSTS:
        raise Refused(HTTPStatus.FORBIDDEN, "this address is not served; open the one that multiplane printed")
    origin = headers.get("Origin")
    if origin is not None and origin.lower() != f"http://{host.lower()}":
        raise Refused(HTTPStatus.FORBIDDEN, "requests from other pages are not answered")


def check_site(headers: Message) -> None:
    """Refuse what another site made the browser ask for, as browsers tell it."""
    if headers.get("Sec-Fetch-Site", "none") not in OWN_SITES:
        raise Refused(HTTPStatus.FORBIDDEN, "requests from other pages are not answered")


def check_token(token: str, headers: Message, query: str, in_query: bool) -> None:
    """Refuse a request without `token` in its header or, if `in_query` says that it may stand there, in its query."""
    given = headers.get(TOKEN_HEADER, "")
    if not given and in_query:
        given = _field(query, "token")
    if not secrets.compare_digest(given.encode(), token.encode()):
        raise Refused(
            HTTPStatus.FORBIDDEN, "the token is missing or wrong; open the address that multiplane printed, in full"
        )


def _field(query: str, name: str) -> str:
    """The first value of a field of `query`; nothing where it has none."""
    try:
        return parse_qs(query, max_num_fields=MOST_FIELDS).get(name, [""])[0]
    except ValueError:  # more fields than that
        return ""


def _name_of(host: str) -> str:
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdigit() else host.lower()
