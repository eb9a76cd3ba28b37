"""Drawn outlines become contour labels: sure between things, none inside them, unknown where nobody said."""

import json
from pathlib import Path

import cv2
import numpy as np
from scipy.io import savemat

import contours
from augment import WHOLE
from dataset import shown_contours
from photos import UNKNOWN


def test_contours_lie_on_both_sides_of_a_change() -> None:
    things = np.array([[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 3, 3]])
    sure = contours.between(things) == contours.SURE
    assert sure.tolist() == [[False, True, True, False], [True] * 4, [True] * 4]


def test_an_outlined_thing_says_nothing_of_what_lies_around_it(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "one.jpg"), np.full((100, 140, 3), 90, np.uint8))
    table = {
        "images": [{"id": 7, "file_name": "one.jpg"}, {"id": 8, "file_name": "gone.jpg"}],
        "annotations": [
            {"image_id": 7, "area": 3600, "segmentation": [[20, 20, 79, 20, 79, 79, 20, 79]]},
            {"image_id": 7, "area": 900, "iscrowd": 1, "bbox": [100, 0, 40, 100]},
        ],
    }
    (tmp_path / "table.json").write_text(json.dumps(table))
    [(name, found)] = contours.outlined(tmp_path / "table.json", tmp_path)
    assert name == "one"
    assert found[50, 20] == found[20, 50] == contours.SURE
    assert found[50, 50] == 0
    assert found[50, 23] == found[5, 5] == found[50, 120] == UNKNOWN


def test_berkeley_contours_count_people(tmp_path: Path) -> None:
    people = np.empty((1, 2), object)
    for index in range(2):
        drawn = np.zeros((20, 30), np.uint8)
        drawn[:, 10] = 1
        drawn[5, :] = index
        people[0, index] = {"Boundaries": drawn}
    savemat(tmp_path / "42.mat", {"groundTruth": people})
    [(name, found)] = contours.berkeley(tmp_path)
    assert name == "42"
    assert found[15, 10] == contours.SURE
    assert found[5, 20] == contours.SURE // 2
    assert found[15, 20] == 0


def test_labels_keep_what_they_had(tmp_path: Path, monkeypatch) -> None:
    people = np.empty((1, 1), object)
    people[0, 0] = {"Boundaries": np.ones((4, 6), np.uint8)}
    savemat(tmp_path / "42.mat", {"groundTruth": people})
    (tmp_path / "labels").mkdir()
    np.savez(tmp_path / "labels" / "42.npz", disparity=np.ones((4, 6)))
    monkeypatch.setattr("sys.argv", ["x", "--labels", str(tmp_path / "labels"), "--berkeley", str(tmp_path)])
    assert contours.main() == 0
    with np.load(tmp_path / "labels" / "42.npz") as stored:
        assert stored["disparity"].all()
        assert (stored["contours"] == contours.SURE).all()


def test_small_views_keep_contours_and_gaps() -> None:
    drawn = np.zeros((120, 160), np.uint8)
    drawn[:, 79:81] = contours.SURE
    drawn[:, 140:] = UNKNOWN
    shown = shown_contours(drawn, WHOLE, (80, 60))
    assert (shown[:, 39:41] == 0.75).all()
    assert (shown[:, 71:] == -1).all()
    assert (shown[:, :38] == 0).all()
    assert (shown_contours(None, WHOLE, (80, 60)) == -1).all()
