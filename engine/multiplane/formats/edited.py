"""What a layered file that went through an editor holds: its layers as plain records, and what could not be taken."""

from dataclasses import dataclass

from multiplane.arrays import Levels
from multiplane.errors import FormatError

MAX_LAYER_PIXELS = 1 << 28
MAX_PIXELS = 1 << 30
"""Of all layers together, as the file declares them: they are unpacked one after the other and cut at the canvas."""
MAX_LAYERS = 4096
PHOTO_GROUP = "photo"
"""The group that a .psd of ours puts around everything where the photo has a transparency of its own: its mask."""
EXTRAS_GROUP = "multiplane extras"
"""The group of data beside the layers, depth, normals and the like, which is never brought back."""
LIGHT_GROUP = "multiplane light"
"""The group of light that is blended over all layers, which is never brought back either."""
OURS_ALONE = (EXTRAS_GROUP, LIGHT_GROUP)


@dataclass(frozen=True)
class EditedLayer:
    """A layer as the file shows it: opacity, masks and clipping, its own and its groups', are in its alpha already.

    `groups` are the names of those around it, outermost first. `identity` is the number that we or the editor gave it,
    where the file holds one. `rgba` (h, w, 4) are levels of the file's bit depth at `corner` (x, y), cut at the canvas:
    nothing may be left of them. `declared` (x, y, width, height) is where it was before that. `visible` is False where
    it or a group around it is switched off. `blend` is "normal" or "multiply". `clipped` says that it shows only where
    the layer below it does.
    """

    name: str
    groups: tuple[str, ...]
    identity: int | None
    rgba: Levels
    corner: tuple[int, int]
    declared: tuple[int, int, int, int]
    visible: bool = True
    blend: str = "normal"
    clipped: bool = False


@dataclass(frozen=True)
class EditedFile:
    """Layers from the bottom to the top, of a canvas that has the scene's size.

    `alpha` (H, W) is the photo's own transparency, where the file still has it. `icc_profile` says what the colours
    mean. `notes` are sentences about what was left out or taken otherwise than the editor shows it.
    """

    bit_depth: int
    layers: tuple[EditedLayer, ...]
    alpha: Levels | None = None
    icc_profile: bytes | None = None
    notes: tuple[str, ...] = ()


def check_canvas(got: tuple[int, int], wanted: tuple[int, int]) -> None:
    """Raise FormatError unless the file's canvas (width, height) is the scene's."""
    if got != wanted:
        raise FormatError(
            f"its canvas is {got[0]} x {got[1]} pixels, but the scene's is {wanted[0]} x {wanted[1]};"
            " undo the change of size in the editor, or name the scene that it was exported from"
        )


def check_layer_sizes(sizes: list[tuple[int, int]]) -> None:
    """Raise FormatError where layers of these sizes (width, height) are more than is ever unpacked."""
    areas = [width * height for width, height in sizes]
    if len(sizes) > MAX_LAYERS:
        raise FormatError(f"it has {len(sizes)} layers, and this version reads up to {MAX_LAYERS}; merge some")
    if max(areas, default=0) > MAX_LAYER_PIXELS or sum(areas) > MAX_PIXELS:
        raise FormatError(
            f"its layers claim {sum(areas) / 1e6:.0f} megapixels, and this version reads up to"
            f" {MAX_PIXELS / 1e6:.0f}, {MAX_LAYER_PIXELS / 1e6:.0f} in one; crop the layers to the canvas"
        )
