"""What an OpenEXR file says about its layers, by its headers alone."""

import re
from pathlib import Path
from typing import Any

from multiplane.formats.description import WORD
from multiplane.formats.facts_rows import FileFacts, LayerFacts, Size, facts_from
from multiplane.formats.manifest import parse_json


def exr_facts(path: Path) -> FileFacts:
    """Facts of an .exr: of ours everything, of others' the parts, or a part's groups of channels."""
    import OpenEXR

    headers = [part.header for part in OpenEXR.File(str(path), header_only=True).parts]
    count = len(headers)
    kind = f"OpenEXR, {count} part{'' if count == 1 else 's'}"
    if WORD in headers[0]:
        return facts_from(parse_json(str(headers[0][WORD]).encode(), WORD), kind)
    canvas, _ = _window(headers[0]["displayWindow"])
    rows = _of_parts(headers) if count > 1 else _of_groups(headers[0])
    return FileFacts(kind, canvas, None, tuple(rows))


def _window(window: Any) -> tuple[Size, tuple[int, int]]:
    """Size and first pixel of a window."""
    (x0, y0), (x1, y1) = window
    return (int(x1 - x0 + 1), int(y1 - y0 + 1)), (int(x0), int(y0))


def _of_parts(headers: list[dict[str, Any]]) -> list[LayerFacts]:
    windows = [_window(header["dataWindow"]) for header in headers]
    names = [str(header.get("name", f"part {order}")) for order, header in enumerate(headers)]
    return [
        LayerFacts(order=order, name=name, size=size, corner=corner)
        for order, (name, (size, corner)) in enumerate(zip(names, windows, strict=True))
    ]


def _of_groups(header: dict[str, Any]) -> list[LayerFacts]:
    size, corner = _window(header["dataWindow"])
    names = [re.findall(r'"([^"]*)"', repr(channel))[0] for channel in header["channels"]]
    groups = dict.fromkeys(name.rpartition(".")[0] for name in names)
    return [
        LayerFacts(order=order, name=name or "unnamed", size=size, corner=corner) for order, name in enumerate(groups)
    ]
