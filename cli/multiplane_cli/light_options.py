"""Reads lights from the command line: a place or direction, and what is said of its strength, colour and softness."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

if TYPE_CHECKING:
    from multiplane.light.lights import Ambient, Light, Sun
    from multiplane.scene import Camera

WORDS = ("intensity", "kelvin", "softness")
MOST_AMBIENT = 0.4
"""Of the photo's own ambient light that stays beside a sun or a lamp: with more of it no light has a direction."""
LEAST_DIRECT = 0.5
"""Strength that a sun or a lamp has at least, where none is said."""

SunOption: TypeAlias = Annotated[
    list[str],
    typer.Option(
        "--sun",
        metavar="AZ,EL",
        help="Sun at azimuth and elevation in degrees: 0 behind the viewer, 90 right, 180 ahead, -90 left. Repeatable.",
    ),
]
PointOption: TypeAlias = Annotated[
    list[str],
    typer.Option(
        "--point",
        metavar="X,Y,Z",
        help="Lamp at a pixel of the photo and a depth, as inspect lists depths. Repeatable.",
    ),
]
AmbientOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--ambient", metavar="KELVIN", help="Light from everywhere, instead of the photo's own."),
]
EnvOption: TypeAlias = Annotated[
    Path | None, typer.Option("--env", metavar="FILE", help="Surroundings: an equirectangular .hdr or .exr picture.")
]
TurnOption: TypeAlias = Annotated[float, typer.Option("--env-turn", help="Turn the surroundings right, in degrees.")]
KeepOption: TypeAlias = Annotated[
    float, typer.Option("--keep", min=0, max=4, help="Share of the photo's own light, with its shadows, that stays.")
]
IntensityOption: TypeAlias = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=20,
        help="Strength of suns and lamps; 1 is the photo's whole light.",
        show_default="what keeps the picture's brightness",
    ),
]
KelvinOption: TypeAlias = Annotated[
    float | None, typer.Option(min=1000, max=40000, help="Colour of suns and lamps: 2700 warm, 6504 white, 10000 blue.")
]
SoftnessOption: TypeAlias = Annotated[
    float | None,
    typer.Option(min=0, max=60, help="Angular radius of suns and lamps in degrees; the real sun has 0.27."),
]


@dataclass(frozen=True)
class Said:
    """Numbers of a place or direction, and what is said after them or for all lights; None where nothing is."""

    numbers: tuple[float, ...]
    intensity: float | None
    kelvin: float | None
    softness: float | None


@dataclass(frozen=True)
class LightOptions:
    """As given on the command line."""

    suns: Sequence[str]
    points: Sequence[str]
    ambient: str | None
    env: Path | None
    turn: float
    keep: float
    intensity: float | None
    kelvin: float | None
    softness: float | None

    def check(self) -> None:
        """Refuse, as wrong usage, what no light can be made of."""
        for text, count, what in self._texts():
            self._said(text, count, what)
        if not (self.suns or self.points or self.ambient or self.env or self.keep):
            raise typer.BadParameter("say which light: --sun, --point, --ambient, --env or --keep")

    def lights(self, camera: "Camera", own: "Sequence[Light]") -> "list[Light]":
        """The lights asked for, so bright together that the picture is neither darker nor brighter, unless said.

        Without --ambient, --env and --keep, the photo's `own` ambient light stays, but for as much as suns need.
        """
        from multiplane.light.environment import read_environment
        from multiplane.light.lights import Light, Original

        around = self._ambient(own)
        left = max(LEAST_DIRECT, 1.0 - (around.intensity if around is not None else min(self.keep, 1.0)))
        found: list[Light] = [self._sun(text, left) for text in self.suns]
        found += [self._point(text, camera, left) for text in self.points]
        if self.env is not None:
            found += read_environment(self.env, 1.0 if self.intensity is None else self.intensity, self.turn)
        if around is not None:
            found.append(around)
        return [*found, Original(self.keep)] if self.keep else found

    def _ambient(self, own: "Sequence[Light]") -> "Ambient | None":
        """The ambient light that is asked for, or else the photo's own, where nothing else takes its place."""
        from multiplane.light.lights import Ambient, colour_of_kelvin

        photo = next(light for light in own if isinstance(light, Ambient))
        level = min(photo.intensity, MOST_AMBIENT) if self.suns or self.points or self.env else 1.0
        if self.ambient is not None:
            said = self._said(self.ambient, 1, "--ambient")
            return Ambient(_or(said.intensity, level), colour_of_kelvin(said.numbers[0]))
        return None if self.env is not None or self.keep else replace(photo, intensity=level)

    def _texts(self) -> list[tuple[str, int, str]]:
        texts = [(text, 2, "--sun") for text in self.suns] + [(text, 3, "--point") for text in self.points]
        return texts if self.ambient is None else [*texts, (self.ambient, 1, "--ambient")]

    def _sun(self, text: str, level: float) -> "Sun":
        from multiplane.light.lights import SUN_SOFTNESS, WHITE, Sun, colour_of_kelvin

        said = self._said(text, 2, "--sun")
        colour = WHITE if said.kelvin is None else colour_of_kelvin(said.kelvin)
        azimuth, elevation = said.numbers
        return Sun(azimuth, elevation, _or(said.intensity, level), colour, _or(said.softness, SUN_SOFTNESS))

    def _point(self, text: str, camera: "Camera", level: float) -> "Light":
        from multiplane.light.lights import POINT_SOFTNESS, WHITE, Point, colour_of_kelvin

        said = self._said(text, 3, "--point")
        u, v, z = said.numbers
        (cx, cy), size = camera.centre, z / camera.focal
        colour = WHITE if said.kelvin is None else colour_of_kelvin(said.kelvin)
        place = ((u - cx) * size, (v - cy) * size, z)
        return Point(place, _or(said.intensity, level), colour, _or(said.softness, POINT_SOFTNESS))

    def _said(self, text: str, count: int, what: str) -> Said:
        own = _read(text, count, what)
        if what == "--ambient":
            return own
        return replace(
            own,
            intensity=self.intensity if own.intensity is None else own.intensity,
            kelvin=self.kelvin if own.kelvin is None else own.kelvin,
            softness=self.softness if own.softness is None else own.softness,
        )


def _read(text: str, count: int, what: str) -> Said:
    """`text` such as "90,30 intensity=0.5 kelvin=3000": so many numbers, then words of WORDS."""
    first, *rest = text.split() or [""]
    numbers = tuple(_number(part, text, what) for part in first.split(","))
    if len(numbers) != count:
        raise typer.BadParameter(f"{what} {text!r} needs {count} number{'s' if count > 1 else ''} with commas between")
    more: dict[str, float] = {}
    for word in rest:
        key, _, value = word.partition("=")
        if key not in WORDS:
            raise typer.BadParameter(f"{what} {text!r}: {word!r} is not understood; say {'=..., '.join(WORDS)}=...")
        more[key] = _number(value, text, what)
    return Said(numbers, more.get("intensity"), more.get("kelvin"), more.get("softness"))


def _number(text: str, whole: str, what: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise typer.BadParameter(f"{what} {whole!r}: {text!r} is no number") from error


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
