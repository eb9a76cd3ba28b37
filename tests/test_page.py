"""The self-contained page: what it carries, how large it gets, and that it carries it safely."""

import base64
import json
import re
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from skimage.data import coffee
from typer.testing import CliRunner

from multiplane.errors import FormatError, MissingDependency
from multiplane.formats.page import encode_page
from multiplane.formats.save import save
from multiplane.scene import Origin
from multiplane_cli.main import app
from multiplane_viewer import built_page
from multiplane_viewer.built_page import PageMissing, load_page
from scenes import noise_scene, photo_of, picture_scene
from tolerances import ROUNDING


def _is_built():
    try:
        load_page()
    except PageMissing:
        return False
    return True


built = pytest.mark.skipif(
    not _is_built(), reason="needs the viewer's page: install Node, then python viewer/build_page.py"
)


@pytest.fixture(scope="module")
def scene():
    return picture_scene(coffee()[::2, ::2])


@pytest.fixture(scope="module")
def page(scene):
    return encode_page(scene).decode()


def described(page):
    return json.loads(re.search(r'<script type="application/json" id="scene">(.*?)</script>', page, re.DOTALL).group(1))


def picture_in(url):
    return Image.open(BytesIO(base64.b64decode(url.split(",")[1])))


@built
def test_the_layers_at_rest_are_the_photo(scene, page):
    canvas = np.zeros((scene.camera.height, scene.camera.width, 3))
    for layer in described(page)["layers"]:
        picture = picture_in(layer["texture"]).convert("RGBA")
        assert picture.size == (layer["width"], layer["height"])
        rgba = np.asarray(picture, np.float64) / 255
        x, y = layer["corner"]
        window = canvas[y : y + layer["height"], x : x + layer["width"]]
        window[:] = rgba[..., 3:] * rgba[..., :3] + (1 - rgba[..., 3:]) * window
    assert np.abs(canvas - photo_of(scene) / 255).max() <= ROUNDING


@built
def test_the_photo_to_compare_with_is_the_photo(scene, page):
    assert np.array_equal(np.asarray(picture_in(described(page)["photo"]).convert("RGB")), photo_of(scene))


@built
def test_a_hostile_name_stays_text(scene):
    named = replace(scene, origin=Origin(photo='"></script><script>alert(1)</script>$title\\1'))
    page = encode_page(named).decode()
    assert "<script>alert" not in page
    assert "<title>&quot;&gt;&lt;/script&gt;" in page
    assert described(page)["name"] == named.origin.photo


@built
def test_the_file_forbids_every_request(page):
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page).group(1)
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy
    assert not re.search(r'(?:src|href)="(?!data:)', page)


@built
def test_a_page_keeps_within_its_budget(scene, page):
    whole = len(page.encode()) / 1e6
    least = len(encode_page(scene, 0.82)) / 1e6
    assert least <= 0.82 < whole
    assert encode_page(scene, whole).decode() == page


@built
def test_a_budget_that_nothing_fits_is_refused(scene):
    with pytest.raises(FormatError, match=r"more than the 0\.01 MB allowed"):
        encode_page(scene, 0.01)


@built
def test_the_photos_own_transparency_is_a_mask():
    scene = noise_scene(seed=3, width=24, height=18, count=3, transparent=True)
    mask = np.asarray(picture_in(described(encode_page(scene).decode())["mask"]))
    assert np.abs(mask[..., 3] / 255 - scene.alpha).max() <= ROUNDING


def test_where_the_page_was_not_built_the_error_says_what_to_install(scene, monkeypatch, tmp_path):
    monkeypatch.setattr(built_page, "files", lambda _: tmp_path)
    with pytest.raises(MissingDependency, match=r"install Node 20\.19 or newer") as caught:
        encode_page(scene)
    assert "\n" not in str(caught.value)


def export(scene, out, *words):
    if not (out.parent / "scene.multiplane").exists():
        save(scene, out.parent / "scene.multiplane")
    return CliRunner().invoke(app, ["export", str(out.parent / "scene.multiplane"), str(out), *words])


@built
def test_export_keeps_a_page_within_the_megabytes_it_is_given(scene, tmp_path):
    done = export(scene, tmp_path / "a.html", "--max-megabytes", "0.82")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "a.html").stat().st_size <= 820_000


def test_megabytes_for_something_else_are_wrong_usage(scene, tmp_path):
    done = export(scene, tmp_path / "a.exr", "--max-megabytes", "3")
    assert done.exit_code == 2
    assert "--max-megabytes is for web pages" in done.output
