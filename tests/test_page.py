"""The self-contained page: what it carries, and that it carries it safely."""

import base64
import json
import re
from dataclasses import replace
from io import BytesIO

import numpy as np
from PIL import Image
from skimage.data import coffee

from multiplane.formats.page import encode_page
from multiplane.scene import Origin
from scenes import photo_of, picture_scene
from tolerances import ROUNDING


def layered_scene():
    return picture_scene(coffee()[::2, ::2])


def sheets_of(page):
    return json.loads(re.search(r"const sheets = (\[.*?\]);\n", page.decode()).group(1))


def test_the_sheets_at_rest_are_the_photo():
    scene = layered_scene()
    canvas = np.zeros((scene.camera.height, scene.camera.width, 3))
    for sheet in sheets_of(encode_page(scene)):
        picture = Image.open(BytesIO(base64.b64decode(sheet["src"].split(",")[1]))).convert("RGBA")
        assert picture.size == (sheet["width"], sheet["height"])
        rgba = np.asarray(picture, np.float64) / 255
        x, y = sheet["x"], sheet["y"]
        window = canvas[y : y + sheet["height"], x : x + sheet["width"]]
        window[:] = rgba[..., 3:] * rgba[..., :3] + (1 - rgba[..., 3:]) * window
    assert np.abs(canvas - photo_of(scene) / 255).max() <= ROUNDING


def test_near_moves_more_than_far_and_the_order_is_kept():
    scene = layered_scene()
    shifts = [sheet["shift"] for sheet in sheets_of(encode_page(scene))]
    by_depth = sorted(range(len(shifts)), key=lambda k: -scene.layers[k].depth)
    assert [shifts[k] for k in by_depth] == sorted(shifts)


def test_a_hostile_name_stays_text():
    scene = layered_scene()
    named = replace(scene, origin=Origin(photo='"><script>alert(1)</script>$title'))
    assert b"<script>alert" not in encode_page(named)


def test_nothing_is_fetched_from_anywhere():
    page = encode_page(layered_scene()).decode()
    assert "http:" not in page
    assert "https:" not in page
