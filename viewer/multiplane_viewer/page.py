"""Bundles pictures of sheets into one self-contained page that moves them against each other."""

import base64
import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from string import Template


@dataclass(frozen=True)
class PageSheet:
    """An encoded picture (WebP or PNG bytes) at (x, y), width x height pixels of the canvas.

    `shift` is how far it moves at the widest look to one side, as a share of the canvas' width; 0 stays in place.
    """

    picture: bytes
    media_type: str
    x: int
    y: int
    width: int
    height: int
    shift: float


def bundle_page(title: str, width: int, height: int, sheets: Sequence[PageSheet]) -> bytes:
    """One HTML file, far sheets first, that opens from disk without a network; at rest it is the picture as it was."""
    data = [
        {
            "src": f"data:{sheet.media_type};base64,{base64.b64encode(sheet.picture).decode()}",
            "x": sheet.x,
            "y": sheet.y,
            "width": sheet.width,
            "height": sheet.height,
            "shift": round(sheet.shift, 6),
        }
        for sheet in sheets
    ]
    template = Template((files("multiplane_viewer") / "page.html").read_text(encoding="utf-8"))
    page = template.substitute(
        title=html.escape(title, quote=True), width=width, height=height, count=len(data), sheets=json.dumps(data)
    )
    return page.encode()
