"""The pictures that the viewer's page asks for, each encoded once, in threads, and found by its content."""

import os
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from multiplane_viewer.answer import Answer

if TYPE_CHECKING:
    from multiplane.formats.view_pictures import ViewPicture

PREFIX = "/api/picture/"
FIRST = ("texture", "disparity", "mask", "thumbnail", "photo", "filled")
"""In the order in which a page needs them."""
MOST_KEPT = 512 << 20
"""Bytes of encoded pictures of earlier states: undoing finds them ready."""


class Pictures:
    """Encoded pictures by address. `add` and `encode_all` are for the thread that edits, `find` is for any."""

    def __init__(self) -> None:
        # One less than there are processors: the browser draws meanwhile.
        self._pool = ThreadPoolExecutor(max(1, min(8, (os.cpu_count() or 2) - 1)), "encode")
        self._encoded: dict[str, Future[Answer]] = {}
        self._wanted: dict[str, ViewPicture] = {}
        self._lock = threading.Lock()

    def add(self, picture: "ViewPicture") -> str:
        """Take on a picture of the present state; gives its address."""
        self._wanted[name_of(picture)] = picture
        return PREFIX + name_of(picture)

    def encode_all(self) -> None:
        """Begin to encode what was added and is new; what has not been added since the last time may be forgotten."""
        order = sorted(self._wanted, key=lambda name: FIRST.index(self._wanted[name].kind))
        with self._lock:
            for name in order:
                known = self._encoded.pop(name, None)  # and in again, behind what is older
                if known is None or _failed(known):
                    known = self._pool.submit(_encode, name, self._wanted[name])
                self._encoded[name] = known
            self._forget(len(order))
        self._wanted = {}

    def find(self, name: str) -> Answer | None:
        """The picture of that name, waiting until it is encoded; None where there is none."""
        with self._lock:
            encoded = self._encoded.get(name)
        return None if encoded is None else encoded.result()

    def stop(self) -> None:
        """Encode no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _forget(self, present: int) -> None:
        """Drop the oldest pictures, but for the last `present` ones, until the others fit."""
        older = list(self._encoded)[: len(self._encoded) - present]
        sizes = {name: _bytes_of(self._encoded[name]) for name in older}
        total = sum(sizes.values())
        for name in older:
            if total <= MOST_KEPT:
                return
            total -= sizes[name]
            del self._encoded[name]


def name_of(picture: "ViewPicture") -> str:
    """What a picture is called: equal names, equal bytes."""
    return f"{picture.kind}-{picture.key}"


def _failed(encoded: Future[Answer]) -> bool:
    return encoded.done() and encoded.exception() is not None


def _bytes_of(encoded: Future[Answer]) -> int:
    return len(encoded.result().body) if encoded.done() and not _failed(encoded) else 0


def _encode(name: str, picture: "ViewPicture") -> Answer:
    body, media_type = picture.encode()
    return Answer(body, media_type, etag=name)
