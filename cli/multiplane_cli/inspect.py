"""`multiplane inspect`: what a scene or a file in another format holds, layer by layer."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from multiplane.formats.facts_rows import FileFacts, LayerFacts

HEADINGS = ("order", "name", "plane", "depth", "size", "corner", "filled")
UNKNOWN = "-"


def inspect(
    file: Annotated[
        Path,
        typer.Argument(
            help="Whatever multiplane writes: a scene archive (.multiplane), .psd, .psb, .ora, .exr, .glb, .usdz,"
            " .pptx, .jsx, .py, .ply, .html, .mp4, a contact sheet, or a folder of layers."
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")] = False,
) -> None:
    """List the layers of FILE from near to far: order, name, plane, depth range, size, filled share.

    Example:

      multiplane inspect layers/photo.multiplane
    """
    from multiplane.formats.facts import read_facts

    facts = read_facts(file)
    if as_json:
        typer.echo(json.dumps(asdict(facts)))
        return
    typer.echo(_headline(file, facts))
    rows = [HEADINGS, *(_row(layer) for layer in reversed(facts.layers))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _headline(file: Path, facts: "FileFacts") -> str:
    words = [f"{file.name}: {facts.kind}"]
    if facts.size:
        words.append(f"{facts.size[0]} x {facts.size[1]}")
    if facts.focal_35mm:
        words.append(f"{facts.focal_35mm:.0f} mm")
    words.append(f"{len(facts.layers)} layer{'' if len(facts.layers) == 1 else 's'}")
    if facts.safe_parallax is not None:
        words.append(f"parallax up to {facts.safe_parallax:.1%} of the width")
    return ", ".join(words)


def _row(layer: "LayerFacts") -> tuple[str, ...]:
    return (
        str(layer.order),
        _printable(layer.name),
        layer.plane or UNKNOWN,
        f"{layer.depth_range[0]:.3g} to {layer.depth_range[1]:.3g}" if layer.depth_range else UNKNOWN,
        f"{layer.size[0]} x {layer.size[1]}" if layer.size else UNKNOWN,
        f"{layer.corner[0]}, {layer.corner[1]}" if layer.corner else UNKNOWN,
        f"{layer.filled_share:.0%}" if layer.filled_share is not None else UNKNOWN,
    )


def _printable(name: str) -> str:
    """`name` without what would steer the terminal or break the table."""
    return "".join(mark if mark.isprintable() else "?" for mark in name)
