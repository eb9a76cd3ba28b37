"""What scripts, web pages, point clouds and contact sheets say about their layers: ours carry a description."""

import html
import re
from collections.abc import Callable
from pathlib import Path

from multiplane.formats.description import WORD
from multiplane.formats.facts_rows import FileFacts, facts_from
from multiplane.formats.manifest import parse_json
from multiplane.formats.png import SIGNATURE, text_in

MOST_BYTES = 1 << 24
"""Of a file's beginning, in which the description stands."""
COMMENT = re.compile(rf"^(?://|#) {WORD} (\{{.*\}})$".encode(), re.MULTILINE)
PIECE = re.compile(rf"^comment {WORD}:(.*)$".encode(), re.MULTILINE)
META = re.compile(rf'<meta name="{WORD}" content="([^"]*)">'.encode())


def described_facts(path: Path, start: bytes) -> FileFacts | None:
    """Facts of a .jsx, .py, .html, .ply or contact sheet of ours that begins with `start`; None of any other file.

    Raises whatever damage provokes.
    """
    for begin, (kind, find) in KINDS.items():
        if start.startswith(begin):
            with path.open("rb") as file:
                text = find(file.read(MOST_BYTES))
            return None if text is None else facts_from(parse_json(text, WORD), kind)
    return None


def _in_comment(head: bytes) -> bytes | None:
    found = COMMENT.search(head)
    return None if found is None else found[1]


def _in_header(head: bytes) -> bytes | None:
    return b"".join(PIECE.findall(head.partition(b"end_header")[0])) or None


def _in_page(head: bytes) -> bytes | None:
    found = META.search(head)
    return None if found is None else html.unescape(found[1].decode("utf-8", "replace")).encode()


def _in_picture(head: bytes) -> bytes | None:
    return text_in(head, WORD)


KINDS: dict[bytes, tuple[str, Callable[[bytes], bytes | None]]] = {
    b"//": ("After Effects script", _in_comment),
    b'"""': ("Blender script", _in_comment),
    b"<!": ("web page", _in_page),
    b"ply": ("point cloud", _in_header),
    SIGNATURE: ("contact sheet", _in_picture),
}
"""How a file begins, what it then is, and where its description stands."""
