"""The scene of all that is rare at once, in every format: written whole, with all its layers found again."""

import io
import zipfile
from xml.etree import ElementTree

import numpy as np
import OpenEXR
import pytest
import trimesh
from PIL import Image

from extreme_scene import COUNT, HEIGHT, WIDTH, extreme_scene
from multiplane.errors import FormatError
from multiplane.formats.exr import channel_names, encode_exr
from multiplane.formats.facts import read_facts
from multiplane.formats.ora import encode_ora
from multiplane.formats.save import SUFFIXES, save
from multiplane.pixels.over import over
from needs_page import page_is_built
from scenes import photo_of

SCENE = extreme_scene()
REFUSED = {".jsx": "After Effects has compositions of 4 to 30000 pixels", ".psd": "save as .psb"}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_inspect_finds_every_layer_in_order(tmp_path, suffix):
    path = tmp_path / f"scene{suffix}"
    if suffix in REFUSED:
        with pytest.raises(FormatError, match=REFUSED[suffix]):
            save(SCENE, path)
        assert not list(tmp_path.iterdir())
        return
    if suffix == ".html" and not page_is_built():
        pytest.skip("the viewer's page was not built: tests/install_programs.sh")
    save(SCENE, path)
    facts = read_facts(path)
    assert [layer.name for layer in facts.layers] == [layer.name for layer in SCENE.layers]
    assert [layer.plane for layer in facts.layers] == [layer.plane for layer in SCENE.layers]


def test_pillow_reads_openrasters_layers_to_the_photo():
    canvas = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    with zipfile.ZipFile(io.BytesIO(encode_ora(SCENE))) as archive:
        rows = list(ElementTree.fromstring(archive.read("stack.xml")).iter("layer"))
        assert len(rows) == COUNT
        for row in reversed(rows):
            with Image.open(io.BytesIO(archive.read(row.get("src")))) as picture:
                rgba = np.asarray(picture.convert("RGBA"))
            x, y = int(row.get("x")), int(row.get("y"))
            window = canvas[y : y + rgba.shape[0], x : x + rgba.shape[1]]
            window[:] = over(rgba, window)
    np.testing.assert_array_equal(canvas, photo_of(SCENE))


def test_openexr_finds_every_layer_in_a_single_part():
    data = io.BytesIO(encode_exr(SCENE, single_part=True))
    (part,) = OpenEXR.File(data, header_only=True).parts
    names = {channel.name.rpartition(".")[0] for channel in part.header["channels"]}
    assert {*channel_names([layer.name for layer in SCENE.layers])} <= names


def test_trimesh_reads_a_point_cloud_of_it(tmp_path):
    save(SCENE, tmp_path / "a.ply")
    points = trimesh.load(tmp_path / "a.ply").vertices
    np.testing.assert_allclose(-points[:, 2], 5, rtol=1e-6)
    assert points[:, 0].min() < -3.7 < 3.7 < points[:, 0].max()  # 15,000 pixels aside at a focal length of 20,000
