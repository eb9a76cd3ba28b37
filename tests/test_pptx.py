"""PowerPoint: the package is whole, every layer lies at its place under its name, and LibreOffice shows the photo."""

import io
import logging
import posixpath
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from xml.etree import ElementTree

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from extreme_scene import extreme_scene
from multiplane.formats.gltf.textures import layer_pixels
from multiplane.formats.pptx import encode_pptx, slide_of
from scenes import HOSTILE_NAMES, hostile_scene, noise_scene, photo_of, picture_scene

DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
SHAPES = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
SCENES = {
    "noise": noise_scene(1, count=5, transparent=True),
    "hostile": hostile_scene(),
    "extreme": extreme_scene(),
}


def opened(data):
    return zipfile.ZipFile(io.BytesIO(data))


def xml(archive, name):
    return ElementTree.fromstring(archive.read(name))


def relations(archive, part):
    """Of a part, by id, the names of the parts that it points to."""
    folder, name = posixpath.split(part)
    rows = xml(archive, posixpath.join(folder, "_rels", f"{name}.rels"))
    return {row.get("Id"): posixpath.normpath(posixpath.join(folder, row.get("Target"))) for row in rows}


def shapes(archive):
    """Of each picture on the slide, bottom first: name, alt text, place in EMU and pixels."""
    targets = relations(archive, "ppt/slides/slide1.xml")
    for picture in xml(archive, "ppt/slides/slide1.xml").iter(f"{SHAPES}pic"):
        (facts,) = picture.iter(f"{SHAPES}cNvPr")
        (blip,), (off,), (ext,) = (list(picture.iter(f"{DRAWING}{tag}")) for tag in ("blip", "off", "ext"))
        place = [int(off.get("x")), int(off.get("y")), int(ext.get("cx")), int(ext.get("cy"))]
        pixels = imagecodecs.png_decode(archive.read(targets[blip.get(f"{RELATION}embed")]))
        yield facts.get("name"), facts.get("descr"), place, pixels


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
class TestThePackage:
    def test_every_part_has_a_type_and_every_relation_a_part(self, scene):
        with opened(encode_pptx(scene)) as archive:
            names = set(archive.namelist())
            assert archive.namelist()[0] == "[Content_Types].xml"
            contents = xml(archive, "[Content_Types].xml")
            overridden = {row.get("PartName")[1:] for row in contents if row.get("PartName")}
            extensions = {row.get("Extension") for row in contents if row.get("Extension")}
            assert overridden <= names
            assert {name.rsplit(".", 1)[-1] for name in names} <= extensions
            pointed = set()
            for name in names:
                if name.endswith(".rels"):
                    folder, part = posixpath.split(name)
                    pointed |= set(relations(archive, posixpath.join(posixpath.dirname(folder), part[:-5])).values())
            unpointed = {name for name in names if not name.endswith(".rels") and name != "[Content_Types].xml"}
            assert pointed == unpointed

    def test_pictures_lie_at_their_places_with_their_pixels(self, scene):
        slide = slide_of(scene)
        for (name, text, place, pixels), layer in zip(shapes(opened(encode_pptx(scene))), scene.layers, strict=True):
            assert (name, layer.name in text, layer.plane in text) == (layer.name, True, True)
            np.testing.assert_array_equal(pixels, layer_pixels(scene, layer, None))
            want = np.array([*layer.corner, layer.width, layer.height]) * slide.pixel + [slide.x, slide.y, 0, 0]
            assert np.abs(place - want).max() <= 1
            assert min(place[2:]) >= 1

    def test_the_slide_has_the_photos_aspect_as_far_as_powerpoint_goes(self, scene):
        slide = slide_of(scene)
        assert 914_400 <= min(slide.width, slide.height) <= max(slide.width, slide.height) <= 51_206_400
        if scene.camera.width < 56 * scene.camera.height:
            assert abs(slide.width / slide.height - scene.camera.width / scene.camera.height) < 1e-5
        with opened(encode_pptx(scene)) as archive:
            (size,) = xml(archive, "ppt/presentation.xml").iter(f"{SHAPES}sldSz")
        assert (int(size.get("cx")), int(size.get("cy"))) == (slide.width, slide.height)

    def test_the_same_scene_gives_the_same_bytes(self, scene):
        assert encode_pptx(scene) == encode_pptx(scene)

    def test_python_pptx_reads_it(self, tmp_path, scene):
        pptx = pytest.importorskip("pptx", reason="needs pip install python-pptx")
        presentation = pptx.Presentation(io.BytesIO(encode_pptx(scene)))
        slide = slide_of(scene)
        assert (presentation.slide_width, presentation.slide_height) == (slide.width, slide.height)
        (page,) = presentation.slides
        assert [shape.name for shape in page.shapes] == [layer.name for layer in scene.layers]
        for shape, layer in zip(page.shapes, scene.layers, strict=True):
            assert shape.image.size == (layer.width, layer.height)
            assert shape.image.content_type == "image/png"


def test_a_tall_and_a_wide_photo_get_slides_of_their_aspect():
    wide, tall = noise_scene(width=40, height=10), noise_scene(width=1, height=57)
    assert slide_of(wide)[:2] == (12_192_000, 3_048_000)
    assert slide_of(tall)[:2] == (914_400, 51_206_400)


def test_names_that_no_xml_holds_have_question_marks():
    scene = noise_scene(count=1, names=("bell \a half \ud800 <&> \"'\n\ufffe",))
    ((name, text, _, _),) = shapes(opened(encode_pptx(scene)))
    assert name == "bell ? half ? <&> \"'\n?"
    assert text.startswith(name)


def test_what_is_lost_is_said_once_each(caplog):
    scene = noise_scene(1, count=3, bit_depth=16, shadow=True, transparent=True)
    with caplog.at_level(logging.WARNING):
        encode_pptx(scene)
    assert [bool(re.search(word, record.message)) for word, record in zip(
        ("multiply", "16", "transparency"), caplog.records, strict=True
    )] == [True] * 3  # fmt: skip
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        encode_pptx(noise_scene(count=2))
    assert not caplog.records


@pytest.mark.program
@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("soffice"), reason="needs apt-get install libreoffice-impress")
def test_libreoffice_shows_the_photo(tmp_path):
    """Impress draws slides at a width of its own: inside blocks of one colour, sampling is nothing to argue about."""
    coarse = np.random.default_rng(0).integers(0, 256, (8, 16, 3), np.uint8)
    scene = picture_scene(np.kron(coarse, np.ones((16, 16, 1), np.uint8)), count=5)
    scene = replace(scene, layers=tuple(
        replace(layer, name=name) for layer, name in zip(scene.layers, HOSTILE_NAMES[:5], strict=True)
    ))  # fmt: skip
    (tmp_path / "a.pptx").write_bytes(encode_pptx(scene))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["timeout", "150", "soffice", profile, "--headless", "--convert-to", "png", "--outdir", tmp_path]
    done = subprocess.run([*command, tmp_path / "a.pptx"], capture_output=True, text=True, check=False)
    assert (tmp_path / "a.png").exists(), done.stdout + done.stderr
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.width / picture.height == pytest.approx(2, abs=0.01)
        shown = picture.convert("RGB").resize((256, 128), Image.Resampling.BOX)
    difference = np.abs(np.asarray(shown).astype(int) - photo_of(scene)).max(axis=-1)
    inner = np.zeros((8, 16, 16, 16), bool).reshape(128, 256)
    for row in range(8):
        for column in range(16):
            inner[row * 16 + 4 : row * 16 + 12, column * 16 + 4 : column * 16 + 12] = True
    assert np.quantile(difference[inner], 0.99) <= 2
