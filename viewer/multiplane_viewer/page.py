"""Bundles the built page and a scene's description into one self-contained file."""

import base64
import hashlib
import html
import json
import re
from typing import Any

from multiplane_viewer.built_page import BuiltPage, load_page

SCRIPT = re.compile(r'<script type="module"[^>]*src="\./([^"]+)"[^>]*></script>')
SHEET = re.compile(r'<link rel="stylesheet"[^>]*href="\./([^"]+)"[^>]*>')


def bundle_page(title: str, description: dict[str, Any]) -> bytes:
    """One HTML file that opens from disk without a network: `description` holds its pictures as data URLs.

    A policy inside the file keeps a browser from asking for anything. Raises PageMissing where the page was not built.
    """
    page = load_page()
    text = page.html.decode()
    script = _inlined(page, SCRIPT, text)
    # A closing tag inside a string would end the element, wherever it stands.
    script = re.sub(r"</(?=script)", r"<\\/", script, flags=re.IGNORECASE)
    sheet = _inlined(page, SHEET, text)
    scene = json.dumps(description, separators=(",", ":")).replace("<", "\\u003c")
    head = f'<meta http-equiv="Content-Security-Policy" content="{_policy(script)}">\n    <style>{sheet}</style>'
    text = SHEET.sub("", SCRIPT.sub("", text))
    text = text.replace("<title>multiplane</title>", f"<title>{html.escape(title)}</title>\n    {head}", 1)
    body = (
        f'<script type="application/json" id="scene">{scene}</script>\n'
        f'    <script type="module">{script}</script>\n  </body>'
    )
    return text.replace("</body>", body, 1).encode()


def data_url(data: bytes, media_type: str) -> str:
    """`data` as an address that holds it."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def _inlined(page: BuiltPage, pattern: re.Pattern[str], text: str) -> str:
    return "\n".join(page.assets[name][0].decode() for name in pattern.findall(text))


def _policy(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline';"
        " img-src data: blob:; connect-src data: blob:"
    )
