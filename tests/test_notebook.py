"""What a notebook shows of a scene: every layer, safely, in little space."""

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
from PIL import Image
from skimage.data import coffee

from multiplane.notebook import SIDE
from multiplane.scene import Origin
from scenes import HOSTILE_NAMES, hostile_scene, noise_scene, photo_of, picture_scene


class _Tags(HTMLParser):
    """Counts elements, and those that are open."""

    def __init__(self):
        super().__init__()
        self.seen, self.open = [], 0

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.open += tag == "div"

    def handle_endtag(self, tag):
        self.open -= tag == "div"


def pictures_in(text):
    found = re.findall(r'src="data:image/png;base64,([^"]+)"', text)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(each)))) for each in found]


def test_the_photo_and_all_layers_are_shown_near_to_far():
    scene = picture_scene(np.ascontiguousarray(coffee()), count=4)
    text = scene._repr_html_()
    pictures = pictures_in(text)
    assert len(pictures) == 5
    assert len(text) < 400_000
    height, width = pictures[0].shape[:2]
    assert max(height, width) == SIDE
    small = np.asarray(Image.fromarray(photo_of(scene)).resize((width, height), Image.Resampling.BOX), np.float64)
    assert np.abs(pictures[0][..., :3] - small).mean() < 2
    assert [text.index(layer.name) for layer in scene.layers] == sorted(
        (text.index(layer.name) for layer in scene.layers), reverse=True
    )
    for layer, picture in zip(reversed(scene.layers), pictures[1:], strict=True):
        x, y = layer.corner
        share = width / scene.camera.width
        middle = picture[int((y + layer.height / 2) * share), int((x + layer.width / 2) * share)]
        assert middle[3] == 255, "the layer stands in its place"
        assert layer.plane in text
        assert f"depth {layer.depth:.3g}" in text


def test_names_stay_text_and_the_html_is_whole():
    hostile = hostile_scene()
    named = replace(hostile, origin=Origin(photo="</div><script>alert(1)</script>"))
    text = named._repr_html_()
    assert "<script" not in text
    checker = _Tags()
    checker.feed(text)
    assert checker.open == 0
    assert set(checker.seen) == {"div", "img"}
    assert len(pictures_in(text)) == len(HOSTILE_NAMES) + 1


def test_it_says_metres_and_multiply_and_one_layer():
    scene = noise_scene(count=4, shadow=True)
    text = replace(scene, origin=Origin(metric=True))._repr_html_()
    assert "multiply" in text
    assert re.search(r"depth [\d.]+ m<", text)
    assert "1 layer," in noise_scene(count=1)._repr_html_()
