"""Finds the viewer's page as Vite built it, and says what to install where it was not built."""

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

MISSING = (
    "the viewer's page was not built when multiplane was installed, since Node was missing;"
    " install Node 20.19 or newer with npm, then install multiplane again"
)


class PageMissing(RuntimeError):
    """The page was never built: one line that says what to install."""


@dataclass(frozen=True)
class BuiltPage:
    """`html` asks for its `assets`, by names such as assets/index-abc.js: each has its bytes and a media type."""

    html: bytes
    assets: Mapping[str, tuple[bytes, str]]


def load_page() -> BuiltPage:
    """The page and all that it asks for. Raises PageMissing where it was not built."""
    built = files("multiplane_viewer") / "built"
    index = built / "index.html"
    if not index.is_file():
        raise PageMissing(MISSING)
    folder = built / "assets"
    assets = {f"assets/{each.name}": (each.read_bytes(), _media_type(each)) for each in folder.iterdir()}
    return BuiltPage(index.read_bytes(), assets)


def _media_type(asset: Traversable) -> str:
    # Not left to the machine's tables, which may call a script text/plain, and browsers refuse that.
    known = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
    suffix = asset.name[asset.name.rfind(".") :]
    return known.get(suffix) or mimetypes.guess_type(asset.name)[0] or "application/octet-stream"
