"""A strip of small pictures with words below, as self-contained HTML for notebooks; made of arrays, not of scenes."""

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Picture: TypeAlias = NDArray[np.float32]
"""(h, w, 4) in [0, 1], straight alpha."""
SIDE = 160
"""Longer side of a picture, in pixels."""
CHECKER = "repeating-conic-gradient(#8883 0% 25%, #8881 0% 50%) 0 0/16px 16px"


@dataclass(frozen=True)
class Card:
    """A picture with a title, and facts, one a line."""

    picture: Picture
    title: str
    facts: Sequence[str] = ()


def strip(headline: str, cards: Sequence[Card]) -> str:
    """The HTML of `cards` from left to right, wrapped as the page is wide; it follows the notebook's own colours."""
    shown = "".join(_card(card) for card in cards)
    return (
        '<div style="font-family:system-ui,sans-serif;font-size:12px;line-height:1.45">'
        f'<div style="margin:0 0 8px;opacity:.8">{html.escape(headline)}</div>'
        f'<div style="display:flex;flex-wrap:wrap;gap:12px;align-items:flex-start">{shown}</div></div>'
    )


def shrunk(rgba: Picture, corner: tuple[int, int], canvas: tuple[int, int]) -> Picture:
    """`rgba` (h, w, 4) in its place `corner` (x, y) on a canvas (width, height), no side longer than SIDE."""
    import cv2

    scale = min(1.0, SIDE / max(canvas))
    width, height = (max(1, round(side * scale)) for side in canvas)
    left, right = _span(corner[0], rgba.shape[1], scale, width)
    top, bottom = _span(corner[1], rgba.shape[0], scale, height)
    premultiplied = rgba.copy()
    premultiplied[..., :3] *= rgba[..., 3:]
    small = cv2.resize(premultiplied, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
    out = np.zeros((height, width, 4), np.float32)
    window, alpha = out[top:bottom, left:right], small[..., 3:]
    window[..., :3] = small[..., :3] / np.maximum(alpha, np.float32(1e-6))
    window[..., 3:] = alpha
    return np.clip(out, 0.0, 1.0, out=out)


def stacked(pictures: Sequence[Picture], multiply: Sequence[bool]) -> Picture:
    """Pictures of one size, far to near, blended as the eye would take it at that size; the farthest is opaque."""
    out = pictures[0].copy()
    for picture, multiplies in zip(pictures[1:], multiply[1:], strict=True):
        alpha, colour = picture[..., 3:], picture[..., :3] * (out[..., :3] if multiplies else 1.0)
        out[..., :3] = alpha * colour + (1.0 - alpha) * out[..., :3]
    return out


def _span(start: int, length: int, scale: float, limit: int) -> tuple[int, int]:
    first = min(round(start * scale), limit - 1)
    return first, max(first + 1, min(round((start + length) * scale), limit))


def _card(card: Card) -> str:
    facts = "".join(f'<div style="opacity:.65">{html.escape(fact)}</div>' for fact in card.facts)
    height, width = card.picture.shape[:2]
    return (
        f'<div style="width:{SIDE}px;overflow-wrap:anywhere">'
        f'<img alt="" src="{_data_address(card.picture)}" width="{width}" height="{height}"'
        f' style="display:block;max-width:none;margin:0 0 4px;border-radius:3px;background:{CHECKER}">'
        f'<div style="font-weight:600">{html.escape(card.title)}</div>{facts}</div>'
    )


def _data_address(picture: Picture) -> str:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.rint(picture * 255).astype(np.uint8)).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
