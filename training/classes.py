"""Scene classes from two coarse teachers: what their ADE20K and Pascal VOC labels mean in the ten classes of ours."""

from pathlib import Path

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from multiplane.perception.network import CLASSES
from photos import UNKNOWN

Labels = NDArray[np.uint8]

ADE_FILE = "deeplabv3_mnv2_ade20k_uint8.tflite"
VOC_FILE = "deeplabv3_mnv2_pascal_quant.tflite"
ADE = (
    "other wall building sky floor tree ceiling road bed windowpane grass cabinet sidewalk person earth "
    "door table mountain plant curtain chair car water painting sofa shelf house sea mirror rug field "
    "armchair"
)
"""The 31 most frequent classes of ADE20K (Zhou et al., CVPR 2017) in their order, behind a class for all others."""
VOC = (
    "background aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse motorbike "
    "person pottedplant sheep sofa train tvmonitor"
)
"""The classes of Pascal VOC 2012 in their order."""
MEANS = {
    "sky": "sky",
    "ground": "floor road grass sidewalk earth rug field",
    "water": "water sea",
    "wall": "wall building ceiling windowpane door curtain painting house mirror",
    "vegetation": "tree plant",
    "mountain": "mountain",
    "person": "person",
    "animal": "bird cat cow dog horse sheep",
    "vehicle": "car aeroplane bicycle boat bus motorbike train",
    "object": "bed cabinet table chair sofa shelf armchair bottle diningtable pottedplant tvmonitor",
}
FIRST_THING = 2_666_196
"""WordNet offsets of ImageNet-1k: below this one the class is an animal."""
SUBJECT = 128
"""Saliency from which on a pixel belongs to the picture's subject."""


class SceneTeacher:
    """Labels pictures; `folder` holds the two networks."""

    def __init__(self, folder: Path, threads: int) -> None:
        self.ade = _interpreter(folder / ADE_FILE, threads)
        self.voc = _interpreter(folder / VOC_FILE, threads)
        self.from_ade, self.from_voc = _table(ADE.split()), _table(VOC.split())

    def __call__(self, rgb: Labels, saliency: Labels | None, name: str, size: tuple[int, int]) -> Labels:
        """Class of every pixel (h, w), UNKNOWN where the teachers know none; `size` is (w, h).

        VOC knows animals and vehicles and cuts its things better, so where it sees a thing it has the word. The salient
        object of an ImageNet photo is what the photo is filed under: that tells animals the networks have never seen.
        """
        ade, voc = (
            cv2.resize(_run(network, rgb), size, interpolation=cv2.INTER_NEAREST) for network in (self.ade, self.voc)
        )
        labels = self.from_ade[ade]
        thing = self.from_voc[voc]
        labels = np.where(thing != UNKNOWN, thing, labels)
        if saliency is not None:
            subject = cv2.resize(saliency, size, interpolation=cv2.INTER_AREA) >= SUBJECT
            told = filed_under(name)
            if told == "animal":
                labels[subject] = CLASSES.index("animal")
                # The ADE20K network knows no animals and calls their outskirts persons.
                labels[~subject & (labels == CLASSES.index("person")) & (thing == UNKNOWN)] = UNKNOWN
            else:
                labels[subject & (labels == UNKNOWN)] = CLASSES.index("object")
        return np.asarray(labels, np.uint8)


def filed_under(name: str) -> str | None:
    """ "animal" or "thing" for a file named by its ImageNet class (n02112350_keeshond), None for other names."""
    offset = name[1:9]
    if name[:1] != "n" or not offset.isdigit():
        return None
    return "animal" if int(offset) < FIRST_THING else "thing"


def _table(names: list[str]) -> Labels:
    """Our class of every class in `names`, UNKNOWN where there is none."""
    ours = {word: CLASSES.index(name) for name, words in MEANS.items() for word in words.split()}
    return np.array([ours.get(name, UNKNOWN) for name in names], np.uint8)


def _interpreter(path: Path, threads: int) -> Interpreter:
    network = Interpreter(str(path), num_threads=threads)
    network.allocate_tensors()
    return network


def _run(network: Interpreter, rgb: Labels) -> Labels:
    """The network's class of every pixel, at its own square size."""
    source = network.get_input_details()[0]
    side = int(source["shape"][1])
    network.set_tensor(source["index"], cv2.resize(rgb, (side, side), interpolation=cv2.INTER_AREA)[None])
    network.invoke()
    return np.asarray(network.get_tensor(network.get_output_details()[0]["index"])[0], np.uint8)
