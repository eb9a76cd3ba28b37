"""A JPEG's quality is read from its tables, and what compression smeared of a thing is not filled in behind it."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage import data

from multiplane.arrays import Floats, Ints, Mask
from multiplane.errors import SceneError
from multiplane.inpaint.smear import unsmeared
from multiplane.photo.bleed import bleed_of
from multiplane.photo.read import read_photo
from multiplane.raster.jpeg import JpegCoding, jpeg_coding
from multiplane.raster.read import read_raster
from multiplane.scene import Camera, Photo
from multiplane.unstack import Remaining

PICTURE = Image.fromarray(np.ascontiguousarray(data.astronaut()[:96, :128]))


@pytest.mark.parametrize("sampling", [0, 1, 2])
@pytest.mark.parametrize("quality", [20, 30, 50, 75, 90, 95, 99])
def test_the_quality_of_a_file_is_read_from_it(quality: int, sampling: int, tmp_path: Path) -> None:
    PICTURE.save(tmp_path / "p.jpg", quality=quality, subsampling=sampling)
    coding = read_raster(tmp_path / "p.jpg").jpeg
    assert coding is not None
    assert coding.quality == pytest.approx(quality, abs=1.5)
    assert coding.subsampled == (sampling > 0)


def test_tables_that_are_not_there_say_nothing() -> None:
    assert jpeg_coding({}, 2) is None


def test_a_photo_without_loss_does_not_bleed_and_worse_quality_bleeds_farther(tmp_path: Path) -> None:
    PICTURE.save(tmp_path / "p.png")
    assert read_photo(tmp_path / "p.png").bleed == 0
    reaches = []
    for quality in (95, 80, 50, 30):
        PICTURE.save(tmp_path / "p.jpg", quality=quality, subsampling=2)
        reaches.append(read_photo(tmp_path / "p.jpg").bleed)
    assert reaches == sorted(reaches)
    assert 0 < reaches[0] < reaches[-1] <= 9
    whole, coarse = (bleed_of(JpegCoding(60, subsampled)) for subsampled in (False, True))
    assert whole == coarse / 2


def test_a_bleed_that_is_none_is_refused() -> None:
    with pytest.raises(SceneError, match=r"photo\.bleed must be 0 pixels or more"):
        Photo(np.zeros((2, 2, 3), np.float32), Camera.from_focal_35mm(2, 2), bleed=-1.0)


def red_disc_saved(quality: int) -> tuple[Floats, Mask]:
    """A red disc on grey, as it is after a JPEG: chroma blocks carry its red over the edge."""
    y, x = np.mgrid[:160, :160]
    disc = np.asarray(np.hypot(y - 80, x - 80) < 40)
    levels = np.where(disc[..., None], np.uint8([220, 20, 20]), np.uint8([128, 128, 128]))
    packed = io.BytesIO()
    Image.fromarray(levels).save(packed, "JPEG", quality=quality, subsampling=2)
    return np.asarray(Image.open(packed), np.float32) / np.float32(255), disc


def test_a_fill_is_shown_a_rim_without_the_things_hue() -> None:
    photo, disc = red_disc_saved(40)
    redness = []
    for bleed in (0.0, bleed_of(JpegCoding(40, True))):
        shown = []

        def fill(rgb: Floats, hole: Mask, surface: Ints, seed: int, shown: list[float] = shown) -> Floats:
            beside = cv2.dilate(hole.view(np.uint8), np.ones((13, 13), np.uint8)) > 0
            shown.append(float(np.abs(rgb[..., 0] - rgb[..., 1])[beside & ~hole & (surface >= 0)].mean()))
            return rgb

        z = np.where(disc, np.float32(1), np.float32(2))
        remaining = Remaining.of(photo, 8, [disc, ~disc], z, [False, True], 0, bleed)
        remaining.take_nearest(0, lambda rgb, mask: mask.astype(np.float32), fill)
        redness.append(shown[0])
    assert redness[0] > 0.05
    assert redness[1] < 0.5 * redness[0]


def test_only_the_rim_is_mended_and_only_its_hue() -> None:
    photo, disc = red_disc_saved(40)
    front = np.broadcast_to(np.float32([0.86, 0.08, 0.08]), photo.shape)
    mended = unsmeared(photo, disc, front, 8)
    away = cv2.distanceTransform((~disc).astype(np.uint8), cv2.DIST_L2, 5)
    untouched = disc | (away > 9)
    assert np.array_equal(mended[untouched], photo[untouched])
    lightness = [cv2.cvtColor(picture, cv2.COLOR_RGB2Lab)[..., 0] for picture in (photo, mended)]
    assert np.abs(lightness[0] - lightness[1]).max() < 2.0
    assert (mended != photo).any()


def test_a_hue_of_the_things_own_farther_out_is_no_smear() -> None:
    """What is red all around a red disc has not got it from the disc."""
    photo, disc = red_disc_saved(40)
    red = np.where(disc[..., None], photo, np.float32([0.7, 0.3, 0.3])).astype(np.float32)
    assert (
        np.abs(unsmeared(red, disc, np.broadcast_to(np.float32([0.86, 0.08, 0.08]), red.shape), 8) - red).max() < 0.02
    )


@pytest.mark.parametrize("shown", [False, True])
def test_without_a_rim_nothing_is_mended(shown: bool) -> None:
    photo, disc = red_disc_saved(40)
    assert np.array_equal(unsmeared(photo, np.full_like(disc, shown), photo, 8), photo)
