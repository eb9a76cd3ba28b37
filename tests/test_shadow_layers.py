"""Shadows: what multiplies is solved exactly, the picture never changes, healing never darkens."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multiplane.errors import SceneError
from multiplane.light.shadow_solve import Cast, solve
from multiplane.pixels.levels import from_levels, top_level
from multiplane.pixels.multiply import unmultiply
from multiplane.pixels.over import over
from scenes import noise_scene, photo_of

KINDS = {8: np.uint8, 16: np.uint16}


class TestUnmultiply:
    @pytest.mark.parametrize("alpha", [0, 1, 2, 17, 127, 128, 254, 255])
    def test_meets_every_8_bit_target_at_every_alpha(self, alpha):
        behind, target = np.mgrid[:256, :256].astype(np.uint8)
        target = np.minimum(target, behind)
        shape = (256, 256, 3)
        behind, target = (np.broadcast_to(plane[..., None], shape).copy() for plane in (behind, target))
        front = unmultiply(target, behind, np.full(shape[:2], alpha, np.uint8), np.full(shape, 90, np.uint8))
        assert np.array_equal(over(front, behind, "multiply"), target)
        assert (front[..., 3] >= alpha).all()

    @settings(max_examples=60)
    @given(st.integers(0, 2**32), st.sampled_from([8, 16]))
    def test_is_exact_for_any_colours(self, seed, bits):
        random, top = np.random.default_rng(seed), top_level(bits)
        behind = random.integers(0, top + 1, (9, 11, 3)).astype(KINDS[bits])
        target = (behind * random.choice([0.0, 0.3, 0.99, 1.0], behind.shape)).astype(KINDS[bits])
        alpha = random.integers(0, top + 1, (9, 11)).astype(KINDS[bits])
        wanted = random.integers(0, top + 1, (9, 11, 3)).astype(KINDS[bits])
        assert np.array_equal(over(unmultiply(target, behind, alpha, wanted), behind, "multiply"), target)

    def test_refuses_to_brighten(self):
        one, two = np.full((1, 1, 3), 1, np.uint8), np.full((1, 1, 3), 2, np.uint8)
        with pytest.raises(SceneError, match="cannot brighten"):
            unmultiply(two, one, np.zeros((1, 1), np.uint8), two)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([8, 16]), st.integers(1, 3))
def test_taking_any_shadows_off_any_layer_keeps_the_picture(seed, bits, count):
    """Whatever was found, rightly or wrongly: the composite is the same in every level."""
    random = np.random.default_rng(seed)
    scene = noise_scene(seed, width=19, height=13, count=4, bit_depth=bits)
    box = slice(2, 11), slice(3, 17)
    casts = [
        Cast(k % 3 + 1, random.uniform(0.05, 1.0, (9, 14, 3)).astype(np.float32) ** random.choice([0.1, 1]))
        for k in range(count)
    ]
    made = solve(scene, 0, casts, box, fill=lambda rgb, hole, surface, seed: np.where(hole[..., None], 0.5, rgb))
    assert [layer.caster for layer in made[1:]] == [scene.layers[cast.caster].id for cast in casts]
    layers = tuple(replace(layer, id=f"{k}", name=f"{k}") for k, layer in enumerate((*made, *scene.layers[1:])))
    assert np.array_equal(photo_of(replace(scene, layers=layers)), photo_of(scene))
    grid = from_levels(np.arange(top_level(bits) + 1).astype(KINDS[bits]))
    assert all(np.isin(layer.rgba, grid).all() for layer in made)
