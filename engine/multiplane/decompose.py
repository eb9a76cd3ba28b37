"""The one story: a photo gets depth, is cut into segments, and each is matted, peeled off and inpainted behind."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from multiplane.depth import DepthBackend
from multiplane.errors import SceneError
from multiplane.inpaint import InpaintBackend
from multiplane.layering.chosen import order_with_chosen
from multiplane.layering.endless import goes_on, spreads, stances
from multiplane.layering.merge import merge_to
from multiplane.layering.names import name_layers
from multiplane.layering.order import order_near_to_far
from multiplane.layering.planes import assign_planes
from multiplane.light.key_light import key_light_of
from multiplane.light.shadows import with_shadows
from multiplane.matte import MatteBackend
from multiplane.pixels.levels import from_levels
from multiplane.refill import refill
from multiplane.scene import DepthMap, Layer, Origin, Photo, Scene, Segment
from multiplane.segment import SegmentBackend
from multiplane.segment.chosen import set_apart
from multiplane.unstack import Cut, Remaining
from multiplane.version import __version__

DEFAULT_LAYERS = 12

Report = Callable[[str], None]
"""Told the name of each step as it begins."""


@dataclass(frozen=True)
class Backends:
    """The four stages' implementations, and the names by which the scene remembers the first two.

    `keep_segments` says that the segments are somebody's own choice: none is merged for being small. `choose` finds
    what somebody chose, each a layer of its own; `segment` divides what is left.
    """

    depth: DepthBackend
    segment: SegmentBackend
    matte: MatteBackend
    inpaint: InpaintBackend
    depth_name: str = "builtin"
    segment_name: str = "builtin"
    keep_segments: bool = False
    choose: SegmentBackend | None = None


def decompose(
    photo: Photo,
    backends: Backends,
    layers: int = DEFAULT_LAYERS,
    seed: int = 0,
    report: Report = lambda _: None,
    shadows: bool = False,
) -> Scene:
    """Split `photo` into at most `layers` sheets, far to near, whose composite is the photo bit for bit.

    What was chosen is a sheet each, whatever its size and number; then at least one more holds the rest. With `shadows`
    those that things clearly throw become layers too, beyond that number, over surfaces without them.

    Raises SceneError where `layers` is less than 1, and whatever a backend raises.
    """
    if layers < 1:
        raise SceneError(f"a scene needs at least 1 layer, not {layers}; choose --layers 1 or more")
    report("depth")
    depth = backends.depth(photo)
    report("segments")
    sheets = _sheets(photo, depth, backends, layers)
    near_to_far = _cuts(photo, depth, sheets, backends, seed, report)
    del sheets
    scene = _scene(photo, backends, near_to_far[::-1], depth.metric, seed)
    report("light")
    scene = replace(scene, key_light=key_light_of(scene))
    if not shadows:
        return scene
    report("shadows")
    return with_shadows(scene, backends.inpaint)


def _cuts(
    photo: Photo, depth: DepthMap, sheets: list[Segment], backends: Backends, seed: int, report: Report
) -> list[tuple[tuple[str, str], Cut]]:
    """Each sheet that has something to show, near to far, with its name and label: matted, peeled off, filled."""
    endless = [goes_on(sheet.label, sheet.mask, depth.z) for sheet in sheets]
    masks = [sheet.mask for sheet in sheets]
    surface = [spreads(sheet.label, sheet.mask, depth.z) for sheet in sheets]
    lie = stances([sheet.label for sheet in sheets], [*surface[:-1], True])
    remaining = Remaining.of(
        photo.rgb, photo.bit_depth, masks, depth.z, surface, seed, photo.bleed, rims_only=True, lie=lie
    )
    picture = remaining.picture.copy()
    found: list[tuple[Segment, bool, Cut]] = []
    for index, sheet in enumerate(sheets[:-1]):
        report(f"layer {index + 1} of {len(sheets)}: {sheet.name}")
        cut = remaining.take_nearest(index, backends.matte, backends.inpaint)
        if cut is not None:
            found.append((sheet, endless[index], cut))
    found.append((sheets[-1], True, remaining.take_last()))
    cuts = refill(
        picture,
        [cut for *_, cut in found],
        [goes for _, goes, _ in found],
        backends.inpaint,
        seed,
        photo.bleed,
        lambda number: report(f"what is hidden of {found[number][0].name}"),
    )
    return [((sheet.name, sheet.label), cut) for (sheet, *_), cut in zip(found, cuts, strict=True)]


def _scene(
    photo: Photo, backends: Backends, far_to_near: list[tuple[tuple[str, str], Cut]], metric: bool, seed: int
) -> Scene:
    """The cuts as a scene, with what is known of the photo and of how it was taken apart."""
    return Scene(
        camera=photo.camera,
        layers=_layers(far_to_near),
        bit_depth=photo.bit_depth,
        alpha=photo.alpha,
        icc_profile=photo.icc_profile,
        dpi=photo.dpi,
        origin=Origin(
            photo=photo.name,
            depth=backends.depth_name,
            segment=backends.segment_name,
            seed=seed,
            metric=metric,
            focal_source=photo.focal_source,
            version=__version__,
        ),
    )


def _sheets(photo: Photo, depth: DepthMap, backends: Backends, most: int) -> list[Segment]:
    chosen = backends.choose(photo, depth) if backends.choose is not None else ()
    segments = backends.segment(photo, depth)
    left = set_apart(segments, chosen) if chosen else segments
    ordered = [left[index] for index in order_near_to_far(left, depth)]
    merged = merge_to(ordered, depth, max(1, most - len(chosen)), crumbs=not backends.keep_segments)
    return order_with_chosen(merged, chosen, depth) if chosen else merged


def _layers(far_to_near: list[tuple[tuple[str, str], Cut]]) -> tuple[Layer, ...]:
    """Turn cuts into named layers, and give each its plane by where depth jumps."""
    names = name_layers([segment for segment, _ in far_to_near])
    bare = [
        Layer(
            id=naming.id,
            name=naming.name,
            label=label,
            plane="background",
            corner=cut.corner,
            rgba=from_levels(cut.rgba),
            z=cut.z,
            filled=cut.filled,
        )
        for naming, ((_, label), cut) in zip(names, far_to_near, strict=True)
    ]
    planes = assign_planes([1.0 / layer.depth for layer in bare])
    return tuple(replace(layer, plane=plane) for layer, plane in zip(bare, planes, strict=True))
