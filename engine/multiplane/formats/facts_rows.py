"""What is said of any file and its layers, and how it is read from a description of ours."""

from dataclasses import dataclass
from typing import Any

from multiplane.scene import Camera

Size = tuple[int, int]


@dataclass(frozen=True)
class LayerFacts:
    """One layer; None stands for what the format does not carry. `order` counts from 0, the farthest.

    `size` and `corner` are (width, height) and (x, y) in pixels; of a textured mesh, `size` is the texture's.
    """

    order: int
    name: str
    id: str | None = None
    plane: str | None = None
    depth_range: tuple[float, float] | None = None
    size: Size | None = None
    corner: tuple[int, int] | None = None
    filled_share: float | None = None


@dataclass(frozen=True)
class FileFacts:
    """A file: what `kind` it is, its canvas (width, height), its camera's focal length, its layers far to near.

    `safe_parallax` is the share of the width that near and far may move against each other; None where the file does
    not say, or where there is no end to it.
    """

    kind: str
    size: Size | None
    focal_35mm: float | None
    layers: tuple[LayerFacts, ...]
    safe_parallax: float | None = None


def facts_from(document: dict[str, Any], kind: str) -> FileFacts:
    """The facts of a manifest or description that we wrote; KeyError and the like where we did not."""
    camera = Camera(*(document["camera"][name] for name in ("width", "height", "focal")))
    layers = tuple(
        LayerFacts(
            order=order,
            name=layer["name"],
            id=layer["id"],
            plane=layer["plane"],
            depth_range=(layer["depth_range"][0], layer["depth_range"][1]),
            size=(layer["size"][0], layer["size"][1]),
            corner=(layer["corner"][0], layer["corner"][1]),
            filled_share=layer["filled_share"],
        )
        for order, layer in enumerate(document["layers"])
    )
    return FileFacts(kind, (camera.width, camera.height), camera.focal_35mm, layers, document.get("safe_parallax"))
