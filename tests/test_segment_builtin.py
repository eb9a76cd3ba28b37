"""The built-in segments cover the photo, do not overlap, repeat, and are what a designer would cut."""

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage import data

from multiplane.perception.network import CLASSES
from multiplane.scene import Camera, DepthMap, Photo, Segment
from multiplane.segment import load_segment
from multiplane.segment.builtin import FREE, segment_photo, surfaces_set_apart
from multiplane.segment.figures import GROUND, OTHER
from multiplane.segment.refine import refined_labels, without_islands
from multiplane.segment.region_graph import CLEAR, CONTOUR, LENGTH, RegionGraph
from multiplane.segment.regions import Regions

sys.path.insert(0, str(Path(__file__).parents[1] / "samples"))
from cards import Cards, make_cards


def photo_of(rgb: np.ndarray) -> Photo:
    height, width = rgb.shape[:2]
    values = np.asarray(rgb[..., :3], np.float32)
    return Photo(values / np.float32(255) if values.max() > 1 else values, Camera.from_focal_35mm(width, height))


def depth_from_share(nearness: np.ndarray) -> DepthMap:
    """Depth whose disparity is `nearness` (H, W) in [0, 1], the farthest at 20."""
    return DepthMap(np.asarray(1.0 / (0.05 + 0.95 * nearness), np.float32))


def check_contract(segments: tuple[Segment, ...], shape: tuple[int, int]) -> None:
    assert all(segment.mask.shape == shape for segment in segments)
    assert (np.sum([segment.mask for segment in segments], axis=0) == 1).all()
    names = [segment.name for segment in segments]
    assert len(set(names)) == len(names)
    assert {segment.label for segment in segments} <= {*CLASSES, "background", "building"} - {"wall"}


def iou(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())


@pytest.mark.parametrize("size", [(1, 1), (1, 37), (53, 1), (2, 2), (21, 23), (9, 300)])
@pytest.mark.parametrize("constant", [True, False])
def test_photos_of_any_size_and_constant_ones_are_cut_into_a_cover(size: tuple[int, int], constant: bool) -> None:
    rng = np.random.default_rng(7)
    rgb = np.full((*size, 3), 0.5, np.float32) if constant else rng.random((*size, 3), np.float32)
    near = np.zeros(size) if constant else rng.random(size)
    segments = segment_photo(photo_of(rgb), depth_from_share(near))
    check_contract(segments, size)
    if constant:
        assert len(segments) == 1


@settings(max_examples=12, deadline=None)
@given(
    st.tuples(st.integers(1, 60), st.integers(1, 60)).flatmap(
        lambda size: st.tuples(
            arrays(np.uint8, (*size, 3)), arrays(np.float32, size, elements=st.floats(0.0078125, 1024, width=32))
        )
    )
)
def test_any_pixels_and_any_depth_give_a_cover(case: tuple[np.ndarray, np.ndarray]) -> None:
    rgb, z = case
    photo = Photo(rgb.astype(np.float32) / np.float32(255), Camera(rgb.shape[1], rgb.shape[0], 50.0))
    check_contract(segment_photo(photo, DepthMap(z)), z.shape)


def test_the_same_photo_gives_the_same_segments_and_nothing_is_changed() -> None:
    photo = photo_of(data.coffee()[::2, ::2])
    depth = depth_from_share(np.linspace(0, 1, photo.rgb.shape[0])[:, None] * np.ones(photo.rgb.shape[:2]))
    before = photo.rgb.copy(), depth.z.copy()
    first, second = segment_photo(photo, depth), segment_photo(photo, depth)
    assert [(a.name, a.mask.tobytes()) for a in first] == [(b.name, b.mask.tobytes()) for b in second]
    assert np.array_equal(photo.rgb, before[0])
    assert np.array_equal(depth.z, before[1])


def test_only_disparity_up_to_scale_counts() -> None:
    photo = photo_of(data.astronaut()[::2, ::2])
    near = np.zeros((256, 256))
    near[60:, 60:190] = 0.8
    z = depth_from_share(near).z
    one, other = segment_photo(photo, DepthMap(z)), segment_photo(photo, DepthMap(z * np.float32(4)))
    assert [a.mask.tobytes() for a in one] == [b.mask.tobytes() for b in other]


def standing_disc(width: int = 960, height: int = 720) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Blue sky over a green ground plane on which a red disc stands: rgb, nearness, the disc's mask."""
    y, x = np.mgrid[0:height, 0:width] + 0.5
    horizon = 0.45 * height
    ground = y > horizon
    rng = np.random.default_rng(1)
    rgb = np.where(ground[..., None], [0.3, 0.5, 0.2], [0.45, 0.65, 0.95]) + 0.02 * rng.standard_normal(
        (height, width, 1)
    )
    near = np.where(ground, 0.9 * (y - horizon) / (height - horizon), 0.0)
    disc = np.hypot(x - 0.4 * width, y - 0.5 * height) < 0.22 * height
    rgb = np.where(disc[..., None], [0.75, 0.15, 0.1], rgb)
    near = np.where(disc, 0.9 * (0.72 - 0.45) / 0.55, near)
    return np.clip(rgb, 0, 1).astype(np.float32), near, disc


def test_sky_ground_and_what_stands_on_it_are_found_to_the_pixel() -> None:
    rgb, near, disc = standing_disc()
    by_label = {segment.label: segment.mask for segment in segment_photo(photo_of(rgb), depth_from_share(near))}
    assert set(by_label) == {"sky", "ground", "object"}
    assert iou(by_label["object"], disc) > 0.98
    assert iou(by_label["sky"], (near == 0) & ~disc) > 0.98


def regions_of(sizes: list[float], classes: list[str]) -> Regions:
    """Regions of whose classes the network is sure; nothing else of them is told."""
    none, pairs = np.zeros(0), np.zeros((0, 2), np.int64)
    count = len(sizes)
    told = np.array([[0.9 if name == wanted else 0.01 for name in CLASSES] for wanted in classes])
    plain, wide = np.zeros(count), np.zeros((count, 3))
    labels = np.arange(count, dtype=np.int32)[None]
    return Regions(labels, np.array(sizes), plain, wide, wide[:, :2], told, plain, pairs, none, none, none, none)


def row_of(count: int, contour: float) -> RegionGraph:
    """So many regions in a row, with `contour` along every border; nothing else of them is told."""
    pairs = np.stack([np.arange(count - 1), np.arange(1, count)], axis=1)
    borders = np.zeros((count - 1, CLEAR + 1))
    borders[:, LENGTH], borders[:, CONTOUR] = 10.0, 10.0 * contour
    none = np.zeros((count, 1))
    return RegionGraph(none, none, none, none, none, pairs, borders, none, 100.0)


def test_a_floor_that_went_into_the_walls_group_gets_its_own_and_a_speck_of_it_does_not() -> None:
    regions = regions_of([50.0, 20.0, 10.0, 19.0, 1.0], ["wall", "ground", "ground", "object", "ground"])
    group, kinds = surfaces_set_apart(
        np.array([0, 0, 0, 1, 1]), np.array([OTHER, GROUND, FREE, OTHER, GROUND]), regions, row_of(5, 0.9)
    )
    assert group.tolist() == [0, 2, 2, 1, 1]
    assert kinds.tolist() == [OTHER, GROUND, GROUND, OTHER, GROUND]


def test_ground_is_not_set_apart_where_no_border_is_seen() -> None:
    regions = regions_of([70.0, 30.0], ["wall", "ground"])
    group, _ = surfaces_set_apart(np.array([0, 0]), np.array([OTHER, GROUND]), regions, row_of(2, 0.05))
    assert group.tolist() == [0, 0]


def test_a_group_that_is_nearly_all_ground_is_left_whole() -> None:
    regions = regions_of([90.0, 10.0], ["ground", "object"])
    group, _ = surfaces_set_apart(np.array([0, 0]), np.array([GROUND, OTHER]), regions, row_of(2, 0.9))
    assert group.tolist() == [0, 0]


def test_what_is_sure_to_be_ground_takes_the_little_beside_it_along() -> None:
    """A shadow on a runway: parts of it are ground by their place, parts may be, and a little is not told."""
    regions = regions_of([50.0, 40.0, 10.0], ["ground", "ground", "object"])
    group, kinds = surfaces_set_apart(np.zeros(3, np.int64), np.array([GROUND, FREE, OTHER]), regions, row_of(3, 0.9))
    assert group.tolist() == [0, 0, 0]
    assert kinds.tolist() == [GROUND, GROUND, GROUND]


def test_a_large_photo_is_cut_at_its_own_pixels_though_regions_are_found_on_a_small_copy() -> None:
    rgb, near, disc = standing_disc(1920, 1440)
    found = next(s.mask for s in segment_photo(photo_of(rgb), depth_from_share(near)) if s.label == "object")
    missed = (found ^ disc).sum() / (2 * np.pi * 0.22 * 1440)
    assert missed < 1.0  # pixels, on average along the outline


def test_refining_moves_a_border_onto_the_photos_edge() -> None:
    rgb = np.zeros((120, 160, 3), np.float32)
    rgb[:, 83:] = [0.9, 0.7, 0.4]
    rough = np.zeros((120, 160), np.float32)
    rough[:, 80:] = 1
    labels = refined_labels(iter([1 - rough, rough]), rgb, rgb)
    assert np.array_equal(labels[20:100] == 1, np.broadcast_to(np.arange(160) >= 83, (80, 160)))


def test_specks_go_to_what_surrounds_them_and_every_label_keeps_its_largest_piece() -> None:
    labels = np.zeros((200, 300), np.int32)
    labels[:, 150:] = 1
    labels[50:53, 40:43] = 1
    labels[100:102, 250:254] = 0
    labels[20:22, 20:22] = 2
    expected = np.where(labels == 2, 2, np.broadcast_to(np.arange(300) >= 150, labels.shape))
    assert np.array_equal(without_islands(labels), expected)


@pytest.fixture(scope="module")
def cards() -> Cards:
    return make_cards(720, 480)


# The vase's dry flowers hang on stems of half a pixel: the network takes the pot alone for the subject, and what is
# between the stems for the ground's. The house's plinth of bricks comes apart from its plaster.
LEAST_IOU = {"sky": 0.95, "ground": 0.9, "house": 0.6, "ring": 0.95, "ball": 0.9, "lantern": 0.9, "vase": 0.4}


SURFACES = ("sky", "ground", "water", "background")


@pytest.fixture(scope="module")
def found(cards: Cards) -> tuple[Segment, ...]:
    return load_segment("builtin")(cards.photo, DepthMap(cards.z))


@pytest.mark.parametrize("name", LEAST_IOU)
def test_with_exact_depth_every_card_is_one_segment(cards: Cards, found: tuple[Segment, ...], name: str) -> None:
    wanted = cards.mask(name)
    fit = max(found, key=lambda segment: iou(segment.mask, wanted))
    assert iou(fit.mask, wanted) >= LEAST_IOU[name]
    assert fit.label == {"sky": "sky", "ground": "ground", "house": "building"}.get(name, fit.label)
    assert name in SURFACES or fit.label not in SURFACES
    check_contract(found, wanted.shape)
