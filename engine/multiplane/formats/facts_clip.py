"""What a clip says about itself: its size, length and codec; the layers that it shows it does not know."""

from pathlib import Path

from multiplane.formats.facts_rows import FileFacts


def clip_facts(path: Path) -> FileFacts:
    """Facts of an .mp4; raises whatever damage provokes."""
    import av

    with av.open(str(path)) as container:
        (stream, *_) = container.streams.video
        seconds = float(stream.duration * stream.time_base)
        kind = f"clip, {seconds:.3g} s, {float(stream.average_rate):.3g} frames a second, {stream.codec.name}"
        return FileFacts(kind, (stream.width, stream.height), None, ())
