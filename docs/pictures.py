"""Makes the README's pictures again: decomposes the samples and shrinks the contact sheets and one clip.

python docs/pictures.py
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import av
from PIL import Image

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "samples"
TRUTH = ("--depth", SAMPLES / "cards" / "depth.tiff", "--segment", SAMPLES / "cards" / "segments.png", "--layers", "8")
SHOTS = {
    "coffee": (SAMPLES / "coffee.png",),
    "astronaut": (SAMPLES / "astronaut.png",),
    "chelsea": (SAMPLES / "chelsea.png",),
    "rocket": (SAMPLES / "rocket.jpg",),
    "cards": (SAMPLES / "cards" / "photo.png", *TRUTH),
}
WIDTH = 1400
CLIP_WIDTH, EVERY = 480, 3


def shrink_sheet(sheet: Path, out: Path) -> None:
    """Write the contact sheet at WIDTH as WebP."""
    with Image.open(sheet) as picture:
        height = round(picture.height * WIDTH / picture.width)
        picture.convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS).save(out, quality=88, method=6)


def shrink_clip(clip: Path, out: Path) -> None:
    """Write every EVERY-th frame of the clip as one animated WebP that loops."""
    with av.open(str(clip)) as video:
        rate = float(video.streams.video[0].average_rate or 30)
        frames = [frame.to_image() for index, frame in enumerate(video.decode(video=0)) if index % EVERY == 0]
    height = round(frames[0].height * CLIP_WIDTH / frames[0].width)
    small = [frame.resize((CLIP_WIDTH, height), Image.Resampling.LANCZOS) for frame in frames]
    small[0].save(
        out, save_all=True, append_images=small[1:], duration=round(1000 * EVERY / rate), loop=0, quality=72, method=6
    )


def main() -> None:
    """Decompose every sample into a temporary folder, and write the pictures beside this file."""
    command = Path(sys.executable).parent / "multiplane"
    with tempfile.TemporaryDirectory() as folder:
        for name, (photo, *options) in SHOTS.items():
            out = Path(folder, name)
            subprocess.run([command, "decompose", photo, "-o", out, "--to", "sheet,mp4", *options], check=True)
            shrink_sheet(out / f"{photo.stem}-sheet.png", ROOT / "docs" / f"{name}-sheet.webp")
            if name in {"coffee", "astronaut"}:
                shrink_clip(out / f"{photo.stem}.mp4", ROOT / "docs" / f"{name}-clip.webp")


if __name__ == "__main__":
    main()
