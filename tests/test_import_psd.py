"""What Photoshop does to a layer without touching its pixels: opacity, masks, clipping, groups, packings."""

import io
from dataclasses import replace

import numpy as np
import pytest
from psd_tools import PSDImage
from psd_tools.constants import Compression

from multiplane.formats.psd import encode_psd
from multiplane.formats.psd_read import read_psd
from multiplane.formats.psd_records import OPEN_GROUP, Row, write_header, write_layers, write_merged, write_resources
from multiplane.pixels.levels import to_levels, top_level
from scenes import noise_scene

CANVAS = (6, 4)
OPACITY, CLIPPING, FLAGS = 8, 9, 10
"""Where they stand in a layer's record, counted from its blend mode's signature."""


def pixels(colour, size=(4, 6)):
    out = np.full((*size, 4), 255, np.uint8)
    out[..., :3] = colour
    return out


def row(name, identity, rgba, corner=(0, 0), **options):
    return Row(name, identity, (rgba.shape[1], rgba.shape[0]), corner, pixels=lambda: rgba, **options)


def file_of(*rows):
    out = io.BytesIO()
    write_header(out, *CANVAS, 3, 8, False)
    write_resources(out, 72.0, b"")
    write_layers(out, rows, 8, False, False)
    write_merged(out, [np.zeros((4, 6), np.uint8)] * 3, False)
    return out.getvalue()


def patched(data, name, field, value):
    """The file with one byte of the record of the layer `name` changed."""
    at = data.rindex(b"8BIM", 0, data.index(bytes([len(name)]) + name.encode())) + field
    return data[:at] + bytes([value]) + data[at + 1 :]


def read(data, transparent=False):
    return read_psd(memoryview(data), CANVAS, transparent)


BOTTOM, TOP = row("bottom", 1, pixels(9)), row("top", 2, pixels(7, (2, 3)), (2, 1))
END, HEAD = Row("end", 3, section=3), Row("group", 4, section=OPEN_GROUP)


def test_opacity_is_in_the_alpha():
    layers = read(patched(file_of(BOTTOM, TOP), "top", OPACITY, 100)).layers
    assert (layers[1].rgba == (7, 7, 7, 100)).all()
    assert (layers[0].rgba == (9, 9, 9, 255)).all()


def test_a_groups_opacity_and_eye_are_its_layers():
    data = file_of(BOTTOM, END, TOP, HEAD)
    assert (read(patched(data, "group", OPACITY, 51)).layers[1].rgba[..., 3] == 51).all()
    hidden = read(patched(data, "group", FLAGS, 8 | 16 | 2)).layers
    assert [(layer.name, layer.groups, layer.visible) for layer in hidden] == [
        ("bottom", (), True), ("top", ("group",), False),
    ]  # fmt: skip


def test_masks_of_a_layer_and_its_groups_multiply():
    random = np.random.default_rng(0)
    own, around = (random.integers(0, 256, (4, 6)).astype(np.uint8) for _ in range(2))
    top = replace(TOP, mask=own)
    layers = read(file_of(BOTTOM, END, top, replace(HEAD, mask=around))).layers
    window = np.s_[1:3, 2:5]
    expected = np.rint(np.rint(around[window] / 255 * 255) * own[window] / 255)
    assert np.abs(layers[1].rgba[..., 3] - expected).max() <= 1
    assert (layers[0].rgba[..., 3] == 255).all()


def test_a_disabled_mask_counts_not():
    data = file_of(BOTTOM, replace(TOP, mask=np.zeros((4, 6), np.uint8)))
    at = data.index(b"\0\0\0\x14" + bytes(8) + b"\0\0\0\x04\0\0\0\x06") + 4 + 17
    assert (read(data).layers[1].rgba[..., 3] == 0).all()
    assert (read(data[:at] + b"\x02" + data[at + 1 :]).layers[1].rgba[..., 3] == 255).all()


def test_a_clipped_layer_shows_where_the_one_below_does():
    base = pixels(9)
    base[:, :3, 3] = 40
    data = patched(file_of(row("base", 1, base), TOP), "top", CLIPPING, 1)
    layers = read(data).layers
    np.testing.assert_array_equal(layers[1].rgba[..., 3], base[1:3, 2:5, 3])
    assert layers[1].clipped


def test_pixels_off_the_canvas_are_cut():
    layer = read(file_of(BOTTOM, row("top", 2, pixels(7), (-4, 2)))).layers[1]
    assert (layer.corner, layer.rgba.shape, layer.declared) == ((0, 2), (2, 2, 4), (-4, 2, 6, 4))
    gone = read(file_of(BOTTOM, row("top", 2, pixels(7), (90, -50)))).layers[1]
    assert gone.rgba.size == 0


@pytest.mark.parametrize(
    ("blend", "got", "notes"),
    [
        (b"mul ", "multiply", ()),
        (b"scrn", "normal", ("'top' blends as screen, which a scene does not hold: it is taken as normal",)),
    ],
    ids=["multiply", "screen"],
)
def test_blends_that_a_scene_has_not_are_told(blend, got, notes):
    file = read(file_of(BOTTOM, replace(TOP, blend=blend)))
    assert (file.layers[1].blend, file.notes) == (got, notes)


def test_the_outer_groups_mask_is_the_photos_transparency_if_it_has_one():
    mask = np.arange(24, dtype=np.uint8).reshape(4, 6)
    data = file_of(END, BOTTOM, replace(HEAD, name="photo", mask=mask))
    transparent, plain = read(data, True), read(data, False)
    np.testing.assert_array_equal(transparent.alpha, mask)
    assert (transparent.layers[0].rgba[..., 3] == 255).all()
    np.testing.assert_array_equal(plain.layers[0].rgba[..., 3], mask)
    assert plain.alpha is None


@pytest.mark.parametrize("packing", [Compression.RAW, Compression.ZIP, Compression.ZIP_WITH_PREDICTION])
@pytest.mark.parametrize("bit_depth", [8, 16])
def test_every_packing_of_channels_is_read(packing, bit_depth):
    """Repacked by psd-tools: Photoshop itself packs 16 bits with prediction."""
    scene = noise_scene(1, count=4, bit_depth=bit_depth)
    picture = PSDImage.open(io.BytesIO(encode_psd(scene)))
    for layer in picture.descendants():
        if layer.is_group():
            continue
        for info, channel in zip(layer._record.channel_info, layer._channels, strict=True):
            planes = channel.get_data(layer.width, layer.height, bit_depth, 1)
            channel.compression = packing
            channel.set_data(planes, layer.width, layer.height, bit_depth, 1)
            info.length = channel._length
    out = io.BytesIO()
    picture._record.write(out)
    file = read_psd(memoryview(out.getvalue()), (scene.camera.width, scene.camera.height), False)
    for got, want in zip(file.layers, scene.layers, strict=True):
        levels = to_levels(want.rgba, bit_depth)
        shown = levels[..., 3] > 0
        np.testing.assert_array_equal(got.rgba[..., 3], levels[..., 3])
        np.testing.assert_array_equal(got.rgba[shown], levels[shown])
        assert got.rgba.max() <= top_level(bit_depth)
