"""The nouns keep their promises, and the camera's pairs are inverse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from multiplane.errors import SceneError
from multiplane.scene import Camera, DepthMap, KeyLight, Layer, Photo, Scene, Segment
from tolerances import SOLVER


def layer(name="bottom", corner=(0, 0), h=2, w=3, alpha=1.0, **changes):
    rgba = np.full((h, w, 4), 0.5, np.float32)
    rgba[..., 3] = alpha
    fields = {
        "id": name,
        "name": name,
        "label": "object",
        "plane": "background",
        "corner": corner,
        "rgba": rgba,
        "z": np.ones((h, w), np.float32),
        "filled": np.zeros((h, w), bool),
    }
    return Layer(**{**fields, **changes})


@given(st.floats(0, 640, width=32), st.floats(0, 480, width=32), st.floats(0.125, 100, width=32), st.floats(100, 5000))
def test_project_undoes_unproject(u, v, z, focal):
    camera = Camera(640, 480, focal)
    points = camera.unproject(np.float32([u]), np.float32([v]), np.float32([z]))
    assert np.abs(camera.project(points)[0] - [u, v]).max() <= SOLVER * 640


def test_the_vertical_angle_has_the_half_in_it():
    assert np.isclose(Camera(200, 100, 50.0).fov_y, np.pi / 2)


def test_35_mm_equivalent_is_by_the_diagonal():
    camera = Camera.from_focal_35mm(3600, 2400, 50.0)
    assert np.isclose(camera.focal, 50.0 * 3600 / 36.0, rtol=1e-3)
    assert np.isclose(camera.focal_35mm, 50.0)


def test_a_resized_camera_sees_the_same():
    camera = Camera(640, 480, 500.0)
    assert np.isclose(camera.resized(320, 240).fov_y, camera.fov_y)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Camera(0, 5, 1.0), "1 x 1"),
        (lambda: Camera(5, 5, float("nan")), "focal"),
        (lambda: DepthMap(np.zeros((2, 2), np.float32)), "greater than 0"),
        (lambda: DepthMap(np.full((2, 2), np.nan, np.float32)), "finite"),
        (lambda: DepthMap(np.ones((2, 2))), "float32"),
        (lambda: Segment("cup", "object", np.zeros((2, 2), bool)), "'cup' is empty"),
        (lambda: Photo(np.full((2, 2, 3), 1.5, np.float32), Camera(2, 2, 1.0)), "[0, 1]"),
        (lambda: Photo(np.zeros((2, 3, 3), np.float32), Camera(2, 2, 1.0)), "2 x 2 x 3"),
        (lambda: layer(plane="middle"), "'middle'"),
        (lambda: layer(z=np.ones((1, 1), np.float32)), "2 x 3"),
        (lambda: Scene(Camera(3, 2, 1.0), ()), "at least one layer"),
        (lambda: Scene(Camera(3, 2, 1.0), (layer(), layer())), "stands twice"),
        (lambda: Scene(Camera(3, 2, 1.0), (layer(alpha=0.5),)), "opaque"),
        (lambda: Scene(Camera(3, 2, 1.0), (layer(), layer("top", (2, 1)))), "outside"),
    ],
)
def test_a_broken_promise_is_named(make, says):
    with pytest.raises(SceneError) as caught:
        make()
    assert says in str(caught.value)


def test_the_nouns_are_frozen():
    with pytest.raises(AttributeError):
        layer().name = "other"


def test_filled_share_counts_only_what_shows():
    filled = np.zeros((2, 3), bool)
    filled[0] = True
    rgba = np.ones((2, 3, 4), np.float32)
    rgba[1, :, 3] = 0.0
    assert layer(rgba=rgba, filled=filled).filled_share == 1.0


class TestKeyLight:
    def test_promises_are_checked(self):
        KeyLight((0.0, -0.6, -0.8), (1.0, 1.0, 1.0), 0.0, 1.0)
        for wrong in (
            {"towards": (0.0, -1.0, -1.0)},
            {"towards": (0.0, float("nan"), 0.0)},
            {"colour": (2.0, 2.0, 2.0)},
            {"colour": (-1.0, 1.6, 1.0)},
            {"ambient": 1.1},
            {"confidence": float("nan")},
        ):
            with pytest.raises(SceneError, match="key light"):
                KeyLight(**{"towards": (0.0, -1.0, 0.0), **wrong})
