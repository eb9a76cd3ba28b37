"""Order from occlusion, merging, planes, names and hidden owners."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from multiplane.layering.creases import Stances
from multiplane.layering.endless import goes_on, spreads, stances
from multiplane.layering.hidden import owners_behind
from multiplane.layering.merge import merge_to
from multiplane.layering.names import name_layers
from multiplane.layering.order import order_near_to_far
from multiplane.layering.planes import assign_planes
from multiplane.scene import DepthMap, Segment


def still_life():
    """A box standing on a floor that reaches nearer than the box, a wall behind, and a sky above."""
    z = np.full((120, 160), 50.0, np.float32)
    wall, sky, box = (np.zeros((120, 160), bool) for _ in range(3))
    sky[:20] = True
    wall[20:60] = True
    z[20:60] = 10.0
    floor_rows = np.arange(60, 120)
    z[60:] = (10.0 * 60 / (floor_rows - 60 + 60))[:, None] / 1.5
    floor = ~(sky | wall)
    box[50:90, 60:100] = True
    z[box] = z[89, 0] * 0.999
    floor &= ~box
    wall &= ~box
    segments = tuple(
        Segment(name, label, mask)
        for name, label, mask in [
            ("floor", "ground", floor),
            ("sky", "sky", sky),
            ("box", "object", box),
            ("wall", "wall", wall),
        ]
    )
    return segments, DepthMap(z)


def test_a_thing_comes_before_the_floor_it_stands_on_though_the_floor_reaches_nearer():
    segments, depth = still_life()
    floor, box = segments[0].mask, segments[2].mask
    assert depth.z[floor].min() < depth.z[box].min()
    order = [segments[i].name for i in order_near_to_far(segments, depth)]
    assert order == ["box", "floor", "wall", "sky"]


def test_the_order_does_not_depend_on_how_segments_are_listed():
    segments, depth = still_life()
    turned = segments[::-1]
    assert [turned[i].name for i in order_near_to_far(turned, depth)] == [
        segments[i].name for i in order_near_to_far(segments, depth)
    ]


@pytest.mark.parametrize("most", [1, 2, 3, 4])
def test_merging_keeps_every_pixel_once(most):
    segments, depth = still_life()
    ordered = [segments[i] for i in order_near_to_far(segments, depth)]
    merged = merge_to(ordered, depth, most)
    assert len(merged) == most
    assert (np.sum([segment.mask for segment in merged], axis=0) == 1).all()


def test_the_object_outlives_the_merging_of_surfaces():
    segments, depth = still_life()
    ordered = [segments[i] for i in order_near_to_far(segments, depth)]
    merged = merge_to(ordered, depth, 3)
    assert any(np.array_equal(segment.mask, segments[2].mask) for segment in merged)


def test_a_floor_stays_apart_from_the_wall_that_it_runs_up_to():
    """Two walls at different depths become one before the floor goes into the nearer, which is as far away."""
    rows, columns = np.mgrid[:120, :160]
    masks = {"floor": rows >= 60, "wall 1": (rows < 60) & (columns < 80), "wall 2": (rows < 60) & (columns >= 80)}
    disparity = np.select([masks["wall 1"], masks["wall 2"]], [0.5, 0.49], 0.5 + (rows - 90) / 100)
    segments = [Segment(name, name.split()[0].replace("floor", "ground"), mask) for name, mask in masks.items()]
    merged = merge_to(segments, DepthMap(np.asarray(1 / disparity, np.float32)), 2)
    assert any(np.array_equal(segment.mask, masks["floor"]) for segment in merged)


def tilted(unevenness: float = 0.0):
    """Depth (60, 80) of a plane whose disparity doubles downwards, with waves in it."""
    rows = np.arange(60.0)[:, None] / 60
    waves = np.sin(np.arange(80.0) / 3)[None]
    return np.asarray(1 / (1 + rows + unevenness * waves), np.float32)


def test_a_surface_goes_on_where_it_is_flat_and_reaches_the_pictures_border():
    mask = np.zeros((60, 80), bool)
    mask[20:] = True
    assert goes_on("wall", mask, tilted())
    assert not goes_on("object", mask, tilted())
    assert not goes_on("wall", mask, tilted(unevenness=0.4))
    enclosed = np.zeros((60, 80), bool)
    enclosed[20:50, 10:70] = True
    assert not goes_on("wall", enclosed, tilted())
    assert goes_on("sky", enclosed, tilted(unevenness=0.4))
    assert goes_on("background", enclosed, tilted(unevenness=0.4))
    assert not goes_on("wall", np.zeros((60, 80), bool), tilted())


def test_a_flat_wall_that_ends_in_the_picture_spreads_behind_things_but_not_without_end():
    enclosed = np.zeros((60, 80), bool)
    enclosed[20:50, 10:70] = True
    assert spreads("wall", enclosed, tilted())
    assert not spreads("wall", enclosed, tilted(unevenness=0.4))
    assert not spreads("object", enclosed, tilted())
    assert not spreads("wall", np.zeros((60, 80), bool), tilted())
    assert spreads("sky", enclosed, tilted(unevenness=0.4))


@given(st.lists(st.floats(0.01, 1.0), min_size=1, max_size=12))
def test_planes_run_from_background_to_foreground(disparities):
    planes = assign_planes(disparities)
    rank = ["background", "midground", "foreground"]
    ranks = [rank.index(plane) for plane in planes]
    assert ranks == sorted(ranks)
    assert planes[0] == "background"
    assert len(set(planes)) == min(3, len(disparities))


def test_planes_are_cut_where_depth_jumps():
    assert assign_planes([0.05, 0.06, 0.4, 0.42, 0.9]) == [
        "background",
        "background",
        "midground",
        "midground",
        "foreground",
    ]


@given(st.lists(st.sampled_from(["sky", "ground", "person", "object", "person 1"]), min_size=1, max_size=20))
def test_names_and_ids_are_unique(labels):
    named = name_layers([(label, label.rstrip(" 1")) for label in labels])
    assert len({naming.name for naming in named}) == len(labels)
    assert len({naming.id for naming in named}) == len(labels)


def test_names_read_as_a_designer_would_write_them():
    names = [
        naming.name
        for naming in name_layers(
            [("sky", "sky"), ("ground", "ground"), ("person 7", "person"), ("vase", "object"), ("person 3", "person")]
        )
    ]
    assert names == ["010 sky", "020 ground", "030 person 2", "040 vase", "050 person 1"]


def test_what_is_hidden_belongs_to_the_surface_beside_it():
    owner = np.zeros((40, 40), np.int32)
    owner[:20], owner[20:] = 2, 1
    hole = np.zeros((40, 40), bool)
    hole[10:30, 15:25] = True
    owner[hole] = 0
    behind = owners_behind(owner, hole, [False, True, True], reach=np.full(3, 2.0))
    assert (behind[:20] == 2).all()
    assert (behind[20:] == 1).all()


def test_a_hidden_object_goes_on_only_a_little():
    owner = np.full((40, 40), 2, np.int32)
    owner[:, :10] = 1
    hole = np.zeros((40, 40), bool)
    hole[10:30, 10:20] = True
    owner[hole] = 0
    behind = owners_behind(owner, hole, [False, False, True], reach=np.full(3, 2.0))
    assert (behind[15:25, 10:12] == 1).all()
    assert (behind[15:25, 13:] == 2).all()


def test_of_two_hidden_objects_each_goes_on_by_its_own_reach():
    owner = np.full((40, 40), 3, np.int32)
    owner[:20, :10], owner[20:, :10] = 1, 2
    hole = np.zeros((40, 40), bool)
    hole[:, 10:20] = True
    owner[hole] = 0
    behind = owners_behind(owner, hole, [False, False, False, True], reach=np.array([0.0, 2.0, 5.0, 0.0]))
    assert (behind[5, 10:20] == 1).sum() == 2
    assert (behind[35, 10:20] == 2).sum() == 5


def test_with_nothing_to_be_seen_behind_the_last_sheet_takes_it_all():
    owner = np.zeros((5, 5), np.int32)
    assert (owners_behind(owner, np.ones((5, 5), bool), [False, False, True], reach=np.full(3, 2.0)) == 2).all()


def room() -> tuple[np.ndarray, np.ndarray]:
    """Owners (96, 128) and depth of a floor (1) below a slanting wall (2): their planes cut in a line that rises."""
    rows, columns = np.mgrid[:96, :128].astype(np.float64)
    floor, wall = 0.2 + rows / 60, 1.4 - columns / 320
    disparity = np.maximum(floor, wall)
    return np.where(floor > wall, 1, 2).astype(np.int32), (1 / disparity).astype(np.float32)


def corner_hidden() -> tuple[np.ndarray, np.ndarray]:
    """The room's owners with a thing (0) before the whole left half of where floor and wall meet, and where it is."""
    owner, _ = room()
    hole = np.zeros(owner.shape, bool)
    hole[40:, :70] = True
    owner[hole] = 0
    return owner, hole


def test_a_floor_and_a_wall_meet_behind_a_thing_where_their_planes_cut():
    truth, z = room()
    owner, hole = corner_hidden()
    z[hole] = 0.3
    reach, surface = np.full(3, 2.0), [False, True, True]
    lie = stances(["object", "ground", "wall"], surface)
    told = owners_behind(owner, hole, surface, reach, z, lie)
    guessed = owners_behind(owner, hole, surface, reach)
    assert (told == truth)[hole].mean() > 0.97
    assert (told == truth)[hole].mean() > (guessed == truth)[hole].mean() + 0.05
    assert (told == owner)[~hole].all()


def test_planes_that_are_wrong_about_what_is_seen_say_nothing_of_what_is_not():
    owner, hole = corner_hidden()
    z = np.full(owner.shape, 2.0, np.float32)
    z[owner == 1] = 4.0
    reach, surface = np.full(3, 2.0), [False, True, True]
    lie = Stances([False, True, False], [False, False, True])
    told = owners_behind(owner, hole, surface, reach, z, lie)
    assert np.array_equal(told, owners_behind(owner, hole, surface, reach))


def test_only_endless_grounds_lie_and_only_endless_walls_stand():
    lie = stances(["object", "ground", "water", "wall", "sky", "rest"], [False, True, False, True, True, True])
    assert list(lie.floor) == [False, True, False, False, False, False]
    assert list(lie.upright) == [False, False, False, True, False, True]
