"""People's word on outlined things goes before the teachers', and what they did not outline is not known."""

import numpy as np

from multiplane.perception.network import CLASSES
from photos import UNKNOWN
from things import class_of_categories, corrected

SKY, PERSON, ANIMAL, OBJECT = (CLASSES.index(name) for name in ("sky", "person", "animal", "object"))


def test_outlined_things_are_put_in_small_over_large() -> None:
    classes = np.full((50, 60), SKY, np.uint8)
    classes[:, 50:] = PERSON
    square = [[20, 20, 79, 20, 79, 79, 20, 79]]
    inner = [[40, 40, 59, 40, 59, 59, 40, 59]]
    entries = [
        {"category_id": 2, "area": 400, "segmentation": inner},
        {"category_id": 1, "area": 3600, "segmentation": square},
        {"category_id": 1, "area": 200, "iscrowd": 1, "bbox": [0, 80, 20, 20], "segmentation": {}},
    ]
    found = corrected(classes, entries, {1: ANIMAL, 2: OBJECT}, (100, 120))
    assert (found[12:18, 12:38] == ANIMAL).all()
    assert (found[22:28, 22:28] == OBJECT).all()
    assert (found[:, 50:] == UNKNOWN).all()
    assert (found[42:, :8] == UNKNOWN).all()
    assert (found[:8, :45] == SKY).all()


def test_groups_that_we_have_no_word_for_are_objects() -> None:
    groups = ["person", "animal", "vehicle", "kitchen"]
    table = {"categories": [{"id": number, "supercategory": name} for number, name in enumerate(groups)]}
    assert [CLASSES[one] for one in class_of_categories(table).values()] == ["person", "animal", "vehicle", "object"]
