"""How well the network agrees with its teachers on photos that it never trained on."""

from dataclasses import dataclass

import numpy as np
import torch

from dataset import Labelled, Sample, collate, whole
from multiplane.perception.network import CLASSES, PerceptionNet
from photos import UNKNOWN


@dataclass(frozen=True)
class Agreement:
    """IoU of every class over all photos, and the mean of the subject's."""

    classes: dict[str, float]
    subject: float


def measure(net: PerceptionNet, photos: list[Labelled], area: int, device: torch.device) -> Agreement:
    """Agreement of `net` with the labels of `photos`, each whole, at about `area` pixels."""
    subjects = []
    both, either = np.zeros(len(CLASSES)), np.zeros(len(CLASSES))
    for photo in photos:
        truth = collate([whole(photo, area)])
        with torch.inference_mode():
            maps = net(truth.rgb.to(device).contiguous(memory_format=torch.channels_last))
        maps = type(maps)(*(part.float().cpu() for part in maps))
        known = truth.classes[0] != UNKNOWN
        told, ours = truth.classes[0][known].numpy(), maps.classes[0].argmax(0)[known].numpy()
        for index in range(len(CLASSES)):
            both[index] += ((told == index) & (ours == index)).sum()
            either[index] += ((told == index) | (ours == index)).sum()
        if (score := subject_iou(maps.subject, truth)) is not None:
            subjects.append(score)
    scores = {name: float(both[i] / either[i]) for i, name in enumerate(CLASSES) if either[i] > 0}
    return Agreement(scores, float(np.mean(subjects or [np.nan])))


def subject_iou(logits: torch.Tensor, truth: Sample) -> float | None:
    """IoU of the subject at one half; None for a photo without a map or with an empty one."""
    told, ours = truth.subject[0] >= 0.5, logits[0] > 0
    if truth.subject[0, 0, 0] < 0 or not told.any():
        return None
    return float((told & ours).sum() / (told | ours).sum())


def report(agreement: Agreement) -> str:
    """The scores as one paragraph."""
    classes = " ".join(f"{name} {value:.2f}" for name, value in agreement.classes.items())
    mean = np.mean(list(agreement.classes.values()))
    return f"held out: subject IoU {agreement.subject:.3f} class mIoU {mean:.3f} ({classes})"
