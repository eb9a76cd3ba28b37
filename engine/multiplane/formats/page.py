"""Writes a scene as one self-contained web page: the viewer with all its pictures, for a client to open."""

import html
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, get_args

from multiplane.errors import FormatError, MissingDependency
from multiplane.formats.description import WORD, description_text
from multiplane.formats.view_description import describe_view
from multiplane.formats.view_pictures import LARGEST, LOSSLESS, SHRINK, Kind, Packing, ViewPicture
from multiplane.scene import Scene
from multiplane_viewer.built_page import PageMissing, load_page
from multiplane_viewer.page import bundle_page, data_url

QUALITIES = (92, 80)
"""Of lossy textures, the first that fits; only then are they scaled."""
SMALLEST = 320
"""Longest side of a texture below which a page is no good to anybody."""
MEGABYTE = 1_000_000
THREADS = 2
"""That encode at once: each holds a layer's pixels several times."""


def encode_page(scene: Scene, max_megabytes: float | None = None) -> bytes:
    """The .html of `scene`, which opens from disk without a network; at rest it shows the photo.

    Textures are lossless; where the file would exceed `max_megabytes` (of 1,000,000 bytes), they are lossy, and then
    as much smaller as it takes. Raises FormatError where nothing fits, or for a canvas above 32768 pixels a side, and
    MissingDependency where the viewer's page was not built.
    """
    try:
        load_page()
    except PageMissing as error:
        raise MissingDependency(str(error)) from error
    said = f'</title>\n    <meta name="{WORD}" content="{html.escape(description_text(scene))}">'.encode()
    size = 0.0
    for packing in _packings(scene, max_megabytes is not None):
        page = bundle_page(scene.origin.photo, _with_pictures(scene, packing)).replace(b"</title>", said, 1)
        size = len(page) / MEGABYTE
        if max_megabytes is None or size <= max_megabytes:
            return page
    raise FormatError(
        f"the page takes {size:.2g} MB even with textures of {SMALLEST} pixels, more than the {max_megabytes:g} MB"
        " allowed; raise the limit, or merge layers"
    )


def _packings(scene: Scene, bounded: bool) -> Iterator[Packing]:
    """Ways to pack, each smaller than the one before."""
    longest = min(LARGEST, max(scene.camera.width, scene.camera.height))
    yield LOSSLESS
    if not bounded:
        return
    for quality in QUALITIES:
        yield Packing(quality, longest)
    while longest > SMALLEST:
        longest = max(SMALLEST, int(longest * SHRINK))
        yield Packing(QUALITIES[-1], longest)


def _with_pictures(scene: Scene, packing: Packing) -> dict[str, Any]:
    """The scene's description with every picture in it; those are encoded side by side."""
    pictures: dict[str, ViewPicture] = {}

    def keep(picture: ViewPicture) -> str:
        pictures[picture.key] = picture
        return picture.key

    description = describe_view(scene, keep, packing)
    with ThreadPoolExecutor(THREADS) as pool:
        encoded = pool.map(lambda picture: data_url(*picture.encode()), pictures.values())
        urls = dict(zip(pictures, encoded, strict=True))
    for holder in (description, *description["layers"]):
        for kind in get_args(Kind):
            if holder.get(kind) is not None:
                holder[kind] = urls[holder[kind]]
    return description
