"""Light as layers over the picture, one for each light, that blend and can be dialled by their opacity in an editor.

The first layer takes the photo's own light away, down to what is ambient; then each light adds what it adds. All at
full opacity give the relit picture to within a level.
"""

from collections.abc import Sequence

from multiplane.light.lights import Ambient, Light, Original, Point, Sun, Surroundings
from multiplane.light.relight import Lit, relit_picture
from multiplane.pixels.light_pass import LightPass, apply_passes, brightening, darkening


def light_passes(lit: Lit, lights: Sequence[Light]) -> list[LightPass]:
    """The layers that take the picture of `lit`'s scene to what `lights` make of it, lowest first."""
    whole = [light for light in lights if isinstance(light, Ambient | Surroundings | Original)]
    single = [light for light in lights if isinstance(light, Sun | Point)]
    photo = relit_picture(lit, [Original()])
    dark = relit_picture(lit, whole or [Ambient(0.0)])
    passes = [LightPass("shade", "multiply", darkening(photo, dark))]
    so_far: list[Light] = list(whole)
    now = apply_passes(photo, passes)
    names = {"sun": 0, "lamp": 0}
    if (dark > now).any():
        passes.append(LightPass("ambient", "linear dodge", brightening(now, dark)))
        now = apply_passes(now, passes[-1:])
    for light in single:
        so_far.append(light)
        kind = "sun" if isinstance(light, Sun) else "lamp"
        names[kind] += 1
        passes.append(LightPass(f"{kind} {names[kind]}", "linear dodge", brightening(now, relit_picture(lit, so_far))))
        now = apply_passes(now, passes[-1:])
    return passes
