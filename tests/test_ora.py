"""An .ora read by others, Python's zip and XML, Pillow and Krita: its layers are the scene's and make up the photo."""

import io
import logging
import os
import shutil
import subprocess
import zipfile
from xml.etree import ElementTree

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from multiplane.errors import FormatError
from multiplane.formats.ora import encode_ora
from multiplane.formats.read_edited import read_edited
from multiplane.formats.save import save
from multiplane.inpaint.smooth import inpaint_smooth
from multiplane.pixels.levels import to_levels
from multiplane.pixels.over import over
from multiplane.reconcile.bring_in import bring_in
from scenes import HOSTILE_NAMES, assert_same_scene, hostile_scene, noise_scene, photo_of, picture_scene

BLENDS = {"svg:src-over": "normal", "svg:multiply": "multiply"}
TRANSPARENCY = "svg:dst-in"


def opened(data):
    return zipfile.ZipFile(io.BytesIO(data))


def picture(archive, name):
    return np.asarray(Image.open(io.BytesIO(archive.read(name))))


def stack(archive):
    return ElementTree.fromstring(archive.read("stack.xml")).find("stack")


def rows(archive):
    """Layers with their group's name, bottom to top."""
    found = []
    for child in stack(archive):
        found += [(child.get("name"), each) for each in child] if child.tag == "stack" else [(None, child)]
    return found[::-1]


def composited(archive, size):
    """Layer over layer with rounding, and the transparency that the top layer leaves, from nothing but the file."""
    canvas, alpha = np.zeros((*size, 3), np.uint8), None
    for _, row in rows(archive):
        rgba = picture(archive, row.get("src"))
        x, y = int(row.get("x")), int(row.get("y"))
        if row.get("composite-op") == TRANSPARENCY:
            alpha = rgba[..., 3]
            continue
        window = canvas[y : y + rgba.shape[0], x : x + rgba.shape[1]]
        window[:] = over(rgba, window, BLENDS[row.get("composite-op")])
    return canvas, alpha


@settings(max_examples=30)
@given(
    st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 40), st.integers(1, 6), st.booleans(), st.booleans()
)  # fmt: skip
def test_layers_and_merged_picture_are_the_photo(seed, width, height, count, transparent, shadow):
    scene = noise_scene(seed, width, height, count, transparent=transparent, shadow=shadow)
    archive = opened(encode_ora(scene))
    canvas, alpha = composited(archive, (height, width))
    merged = picture(archive, "mergedimage.png")
    np.testing.assert_array_equal(canvas, photo_of(scene))
    np.testing.assert_array_equal(merged[..., :3], photo_of(scene))
    if transparent:
        np.testing.assert_array_equal(alpha, to_levels(scene.alpha))
        np.testing.assert_array_equal(merged[..., 3], alpha)
    else:
        assert (alpha, merged.shape[2]) == (None, 3)


def test_is_a_zip_as_the_specification_asks():
    data = encode_ora(picture_scene(skimage.data.astronaut()))
    assert data[30:54] == b"mimetypeimage/openraster", "stored, and the first entry"
    thumbnail = picture(opened(data), "Thumbnails/thumbnail.png")
    assert thumbnail.shape == (256, 256, 4)
    image = ElementTree.fromstring(opened(data).read("stack.xml"))
    assert (image.tag, image.get("w"), image.get("h")) == ("image", "512", "512")
    assert data == encode_ora(picture_scene(skimage.data.astronaut()))


def test_groups_are_planes_and_layers_trimmed_with_their_colours_carried_on():
    scene = noise_scene(3, count=6)
    archive = opened(encode_ora(scene))
    assert [child.get("name") for child in stack(archive)] == ["foreground", "midground", "background"]
    for (group, row), layer in zip(rows(archive), scene.layers, strict=True):
        assert (group, row.get("name")) == (layer.plane, layer.name)
        assert (int(row.get("x")), int(row.get("y"))) == layer.corner
        got, want = picture(archive, row.get("src")), to_levels(layer.rgba)
        np.testing.assert_array_equal(got[..., 3], want[..., 3])
        shown = want[..., 3] > 0
        np.testing.assert_array_equal(got[shown], want[shown])
        if shown.any():
            assert {*map(tuple, got[~shown][:, :3])} <= {*map(tuple, want[shown][:, :3])}


def test_names_that_xml_can_write_are_kept():
    assert tuple(row.get("name") for _, row in rows(opened(encode_ora(hostile_scene())))) == HOSTILE_NAMES
    broken = noise_scene(count=1, names=("bell \a half \ud800 name",))
    assert [row.get("name") for _, row in rows(opened(encode_ora(broken)))] == ["bell ? half ? name"]


def test_16_bits_are_rounded_and_it_says_so_once(caplog):
    scene = noise_scene(1, count=3, bit_depth=16)
    with caplog.at_level(logging.WARNING):
        archive = opened(encode_ora(scene))
    assert len(caplog.records) == 1
    for (_, row), layer in zip(rows(archive), scene.layers, strict=True):
        np.testing.assert_array_equal(picture(archive, row.get("src"))[..., 3], to_levels(layer.rgba[..., 3], 8))
    merged = picture(archive, "mergedimage.png").astype(np.int64)
    assert np.abs(merged - photo_of(scene) / 257).max() <= 0.5


def rezipped(data, **entries):
    """The file with other bytes in some entries; a name's underscore stands for its dot."""
    out = io.BytesIO()
    with opened(data) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in archive.namelist():
            new.writestr(name, entries.get(name.replace(".", "_"), archive.read(name)))
    return out.getvalue()


LAYER = '<image w="23" h="17"><stack><layer name="a" src="{}" x="0" y="0"/></stack></image>'
HOSTILE_STACKS = {
    "entities": '<!DOCTYPE x [<!ENTITY a "aaaa">]><image w="23" h="17"><stack/></image>',
    "no XML": "image",
    "no image": "<svg/>",
    "no layers": '<image w="23" h="17"/>',
    "no size": "<image/>",
    "endless size": '<image w="1e999" h="17"/>',
    "other size": '<image w="24" h="17"/>',
    "a path outside": LAYER.format("../../etc/passwd"),
    "no picture": LAYER.format("stack.xml"),
    "nested": '<image w="23" h="17">' + "<stack>" * 900 + "</stack>" * 900 + "</image>",
    "no opacity": LAYER.format('data/000.png" opacity="nan'),
    "no place": LAYER.format('data/000.png" x="9e99').replace(' x="0"', ""),
}


class TestHostileFiles:
    @pytest.mark.parametrize("text", HOSTILE_STACKS.values(), ids=HOSTILE_STACKS)
    def test_stacks_end_in_one_line(self, tmp_path, text):
        self.assert_refused(tmp_path, rezipped(encode_ora(noise_scene(count=1)), stack_xml=text))

    def test_a_bomb_is_refused_before_it_unfolds(self, tmp_path):
        data = encode_ora(noise_scene(count=1))
        huge = bytearray(opened(data).read("data/000.png"))
        huge[16:24] = (60_000).to_bytes(4, "big") * 2
        self.assert_refused(tmp_path, rezipped(data, **{"data/000_png": bytes(huge)}), "megapixels")
        self.assert_refused(tmp_path, rezipped(data, stack_xml=bytes(1 << 25)), "larger")

    def test_a_zip_of_something_else(self, tmp_path):
        self.assert_refused(tmp_path, rezipped(encode_ora(noise_scene()), mimetype="text/plain"), "no OpenRaster")

    @staticmethod
    def assert_refused(folder, data, words="read"):
        (folder / "hostile.ora").write_bytes(data)
        with pytest.raises(FormatError, match=words) as caught:
            read_edited(folder / "hostile.ora", (23, 17), False)
        assert "\n" not in str(caught.value)


@pytest.mark.program
@pytest.mark.slow
@pytest.mark.skipif(not (shutil.which("krita") and shutil.which("xvfb-run")), reason="needs apt-get install krita xvfb")
@pytest.mark.parametrize("kind", ["ora", "psd"])
def test_krita_shows_the_photo_and_what_it_saves_comes_back(tmp_path, kind):
    """Krita drops our ids, trims layers anew, ends names with a NUL, and keeps groups, blends and transparency."""
    scene = noise_scene(4, 60, 40, 5, shadow=True, transparent=True)
    source, saved = tmp_path / f"scene.{kind}", tmp_path / f"saved.{kind}"
    save(scene, source)
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    command = ["timeout", "240", "xvfb-run", "-a", "krita", source, "--export", "--export-filename", saved]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert saved.exists(), done.stdout + done.stderr
    outcome = bring_in(scene, read_edited(saved, (60, 40), True), inpaint_smooth)
    assert_same_scene(outcome.scene, scene)
    assert (outcome.is_unchanged, outcome.notes) == (True, ())
    if kind == "ora":
        merged = picture(opened(saved.read_bytes()), "mergedimage.png").astype(np.int64)
        steady = merged[..., 3] > 64
        assert np.abs(merged[..., :3] - photo_of(scene))[steady].max() <= 2
        assert np.abs(merged[..., 3] - to_levels(scene.alpha)).max() <= 1
