"""People and four-legged animals of rounded limbs, and cut-outs of photographed things."""

import numpy as np

from .solids import Three, ball, card, colour, hue, rod
from .stage import ANIMAL, PERSON, Material, Place, Stage
from .textures import CutOut, Textures


def person(stage: Stage, rng: np.random.Generator, place: Place, cloth: int, worth: float = 1.0) -> None:
    """Somebody who stands or walks, about 1.7 units tall; `cloth` is a sheet for the clothes."""
    thing = stage.thing(PERSON, worth)
    skin = Material(tint=hue(rng, (0.04, 0.09), (0.3, 0.65), (0.25, 0.85)))
    top = Material(cloth, colour(rng, (0.0, 0.9), (0.1, 0.9)), tile=0.5, offset=(rng.uniform(), rng.uniform()))
    trousers = Material(cloth, colour(rng, (0.0, 0.6), (0.05, 0.5)), tile=0.7)
    hair = Material(tint=hue(rng, (0.03, 0.12), (0.2, 0.7), (0.02, 0.5)))
    shoe = Material(tint=colour(rng, (0, 0.5), (0.03, 0.5)))
    stride, swing, wide = rng.uniform(0, 0.3), rng.uniform(-0.3, 0.3), rng.uniform(0.85, 1.25)
    dress = rng.random() < 0.2
    for side in (-1, 1):
        hip, foot = np.array([0.09 * side * wide, 0.88, 0.0]), np.array([0.1 * side, 0.08, stride * side])
        knee = (hip + foot) / 2 + np.array([0, 0.03, 0.06 * abs(stride) * 3])
        leg = skin if dress else trousers
        rod(stage, thing, place, hip, knee, (0.09 * wide, 0.065), leg)
        rod(stage, thing, place, knee, foot, (0.065, 0.045), leg)
        ball(stage, thing, place, foot + np.array([0, -0.03, -0.06]), (0.05, 0.05, 0.13), shoe)
        shoulder = np.array([0.2 * side * wide, 1.4, 0.0])
        raised = rng.random() < 0.12
        elbow = shoulder + np.array([0.08 * side, -0.1 if raised else -0.28, -side * swing * 0.6])
        hand = elbow + np.array([0.05 * side, 0.26 if raised else -0.22, -side * swing - 0.08])
        rod(stage, thing, place, shoulder, elbow, (0.06, 0.05), top)
        rod(stage, thing, place, elbow, hand, (0.048, 0.035), top if rng.random() < 0.6 else skin)
        ball(stage, thing, place, hand, (0.045, 0.055, 0.04), skin)
    ball(stage, thing, place, (0, 1.17, 0), (0.2 * wide, 0.34, 0.14 * wide), top)
    ball(stage, thing, place, (0, 1.36, 0), (0.21 * wide, 0.12, 0.11), top)
    if dress:
        rod(stage, thing, place, (0, 0.5, 0), (0, 1.1, 0), (0.3, 0.15), top)
    else:
        ball(stage, thing, place, (0, 0.9, 0), (0.175 * wide, 0.14, 0.14 * wide), trousers)
    rod(stage, thing, place, (0, 1.4, 0), (0, 1.55, 0), (0.055, 0.05), skin)
    ball(stage, thing, place, (0, 1.62, 0), (0.085, 0.12, 0.1), skin)
    ball(stage, thing, place, (0, 1.66, 0.025), (0.095, 0.105, 0.1), hair)
    if rng.random() < 0.2:
        ball(stage, thing, place, (0, 1.2, 0.2), (0.15, 0.22, 0.12), Material(tint=colour(rng)))


def animal(stage: Stage, rng: np.random.Generator, place: Place, fur: int, worth: float = 1.0) -> None:
    """A four-legged animal, about 1 unit long; the sheet `fur` is a coat to tint."""
    thing = stage.thing(ANIMAL, worth)
    tint = hue(rng, (0.02, 0.12), (0.05, 0.65), (0.1, 0.95))
    coat = Material(fur, tint, tile=rng.uniform(0.3, 0.9), offset=(rng.uniform(), rng.uniform()))
    dark = Material(tint=(0.03, 0.03, 0.03))
    tall, thick, neck = rng.uniform(0.35, 0.75), rng.uniform(0.13, 0.26), rng.uniform(0.1, 0.4)
    body = tall + thick * 0.6
    ball(stage, thing, place, (0.22, body, 0), (0.3, thick, thick * 0.85), coat)
    ball(stage, thing, place, (-0.22, body, 0), (0.3, thick * 0.95, thick * 0.8), coat)
    for x in (-0.33, 0.33):
        for side in (-1, 1):
            step = rng.uniform(-0.1, 0.1)
            rod(
                stage,
                thing,
                place,
                (x, body, side * thick * 0.5),
                (x + step, tall * 0.45, side * thick * 0.55),
                (0.07, 0.045),
                coat,
            )
            rod(
                stage,
                thing,
                place,
                (x + step, tall * 0.45, side * thick * 0.55),
                (x + step * 0.6, 0.02, side * thick * 0.55),
                (0.045, 0.035),
                coat,
            )
    head = np.array([0.5 + neck * 0.5, body + neck + rng.uniform(-0.2, 0.15), rng.uniform(-0.08, 0.08)])
    rod(stage, thing, place, (0.4, body + 0.03, 0), head, (thick * 0.65, 0.09), coat)
    ball(stage, thing, place, head, (0.13, 0.11, 0.1), coat)
    ball(stage, thing, place, head + np.array([0.13, -0.03, 0]), (0.11, 0.065, 0.06), coat)
    ball(stage, thing, place, head + np.array([0.23, -0.02, 0]), (0.025, 0.025, 0.03), dark)
    for side in (-1, 1):
        ball(stage, thing, place, head + np.array([0.08, 0.05, 0.075 * side]), (0.02, 0.02, 0.02), dark)
        rod(
            stage,
            thing,
            place,
            head + np.array([-0.04, 0.06, 0.06 * side]),
            head + np.array([-0.08, 0.2, 0.09 * side]),
            (0.05, 0.01),
            coat,
        )
    rod(
        stage,
        thing,
        place,
        (-0.5, body + 0.03, 0),
        (-0.75, body + rng.uniform(-0.3, 0.3), rng.uniform(-0.1, 0.1)),
        (0.04, 0.015),
        coat,
    )


def cutout(
    stage: Stage, rng: np.random.Generator, textures: Textures, place: Place, tall: float, worth: float = 2.0
) -> Three | None:
    """A photographed thing `tall` units high as an upright card with volume; its size, or None if none was found."""
    found: CutOut | None = textures.cutout(rng)
    if found is None:
        return None
    size = (tall * found.aspect, tall)
    if size[0] > 2.2 * tall:
        size = (2.2 * tall, 2.2 * tall / found.aspect)
    volume = min(size) * rng.uniform(0.15, 0.4) * place.scale
    tone = rng.uniform(0.85, 1.15)
    material = Material(stage.sheet(found.sheet), (tone, tone, tone), masked=True, emit=rng.uniform(0.25, 0.7))
    relief = stage.sheet(found.relief)
    thing = stage.thing(found.label, worth)
    card(stage, thing, place, (0, -0.01 * tall, 0), size, material, volume=volume, relief=relief)
    return size[0], size[1], volume
