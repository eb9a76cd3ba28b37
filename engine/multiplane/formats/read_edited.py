"""Opens a layered file that an editor saved, whichever of our formats it is."""

from pathlib import Path

from multiplane.errors import FormatError
from multiplane.formats.edited import EditedFile
from multiplane.formats.ora_read import read_ora
from multiplane.formats.psd_read import read_psd

READABLE = ".psd, .psb, .ora"


def read_edited(path: Path, canvas: tuple[int, int], transparent: bool) -> EditedFile:
    """The layers of the file at `path`, whose kind its first bytes tell; `canvas` (width, height) is the scene's.

    `transparent` says that the scene's photo has a transparency of its own. Raises FormatError, one line, where the
    file cannot be read.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
            readers = {b"8BPS": read_psd, b"PK\3\4": read_ora}
            if start not in readers:
                raise FormatError(f"its first bytes are of no layered file; name one of: {READABLE}")
            file.seek(0)
            return readers[start](memoryview(file.read()), canvas, transparent)
    except OSError as error:
        raise FormatError(f"cannot read {path}: {error.strerror}; name one of: {READABLE}") from error
    except FormatError as error:
        raise FormatError(f"cannot read {path}: {error}") from error
