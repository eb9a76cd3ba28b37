"""The API of the viewer's page: what is asked over HTTP becomes jobs on a session, errors become one line of JSON."""

from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from multiplane.errors import MultiplaneError
from multiplane.formats.view_description import describe_view
from multiplane.formats.view_pictures import Packing, photo_picture
from multiplane_cli.view_actions import act, prepare_select
from multiplane_cli.view_bench import Bench, Stopped
from multiplane_cli.view_export import TITLES, export
from multiplane_cli.view_pictures import PREFIX, Pictures, name_of
from multiplane_cli.view_session import FileChanged, Session
from multiplane_viewer.answer import Answer, Refused, json_answer
from multiplane_viewer.serve import Site

if TYPE_CHECKING:
    from collections.abc import Sequence

    from multiplane.formats.view_pictures import ViewPicture
    from multiplane.scene import Layer, Scene

Result = TypeVar("Result")
FAST = Packing(fast=True)
"""Pictures go no farther than to this machine's own browser, so they are packed in no time rather than small."""


class Api:
    """What the page may ask for. Jobs on the session run on the bench; pictures are encoded in threads of their own."""

    def __init__(self, session: Session, bench: Bench, token: str, select: str) -> None:
        self._session, self._bench, self._token, self._select = session, bench, token, select
        self._pictures = Pictures()
        self._described: tuple[Scene, dict[str, Any]] | None = None
        self._begin()

    def site(self, index: Answer, files: dict[str, Answer]) -> Site:
        """All addresses."""
        return Site(
            index=index,
            files=files,
            get={"/api/scene": self._scene, "/api/photo": self._photo_now, "/api/status": self._status},
            post={
                "/api/edit": self._edit,
                "/api/save": self._save,
                "/api/export": self._export,
                "/api/prepare": self._prepare,
            },
            pieces={PREFIX: self._picture},
        )

    def stop(self) -> None:
        """Encode no more pictures."""
        self._pictures.stop()

    def _begin(self) -> None:
        """Take the session's photo, and describe its scene."""
        self._photo = photo_picture(self._session.first_scene(), FAST)
        self._describe()
        # From here on it is known by its name; the scene that it was made from may go.
        self._photo = replace(self._photo, encode=_encoded_before)

    def _reopen_if_stale(self) -> bool:
        if not self._session.reopen_if_stale():
            return False
        self._begin()
        return True

    def _scene(self) -> Answer:
        def look() -> dict[str, Any]:
            self._reopen_if_stale()
            return self._describe()

        return json_answer(self._do(look))

    def _edit(self, asked: dict[str, Any]) -> Answer:
        return json_answer(self._do(lambda: self._edited(asked)))

    def _edited(self, asked: dict[str, Any]) -> dict[str, Any]:
        session, note = self._session, ""
        if self._reopen_if_stale():
            raise Refused(HTTPStatus.CONFLICT, f"{session.file.name} was written by another program; it was read again")
        match asked.get("action"):
            case "undo":
                words = session.travel("undo")
            case "redo":
                words = session.travel("redo")
            case _:
                done = act(session.scene, asked, self._select)
                session.turn_into(done.scene, done.words)
                words, note = done.words, done.note
        return {**self._describe(), "did": words, "note": note}

    def _save(self, asked: dict[str, Any]) -> Answer:
        return json_answer({"path": self._do(lambda: str(self._session.save(asked.get("overwrite") is True)))})

    def _export(self, asked: dict[str, Any]) -> Answer:
        return self._do(lambda: export(self._session.scene, asked.get("suffix"), self._session.file.stem))

    def _prepare(self, _: dict[str, Any]) -> Answer:
        """Load what answers clicks, so that the first one does not wait for it."""
        self._do(lambda: prepare_select(self._select))
        return json_answer({})

    def _status(self) -> Answer:
        """What may change without the page's doing; answered at once, whatever is under way."""
        session, stale = self._session, self._session.stale
        # A stale scene is read again when it is asked for, and that makes the next revision.
        return json_answer(
            {"revision": session.revision + stale, "changedOnDisk": session.changed_on_disk and not stale}
        )

    def _photo_now(self) -> Answer:
        photo = self._picture(name_of(self._photo))
        if photo is None:
            raise Refused(HTTPStatus.NOT_FOUND, "there is no photo")
        return replace(photo, etag=None)

    def _picture(self, name: str) -> Answer | None:
        try:
            return self._pictures.find(name)
        except CancelledError as error:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "multiplane was stopped") from error

    def _describe(self) -> dict[str, Any]:
        """The description of the scene as it is now; on the bench only."""
        session = self._session
        if self._described is None or self._described[0] is not session.scene:
            described = self._renamed()
            if described is None:
                described = describe_view(session.scene, self._address_of, FAST)
                self._pictures.encode_all()
            self._described = session.scene, described
        history = session.opened.history
        return {
            **self._described[1],
            "editable": True,
            "canUndo": bool(history.past),
            "canRedo": bool(history.future),
            "undoWords": history.past[-1].words if history.past else "",
            "redoWords": history.future[0].words if history.future else "",
            "formats": [{"suffix": suffix, "title": title} for suffix, title in TITLES.items()],
            "revision": session.revision,
            "file": session.file.name,
            "unsaved": session.unsaved,
        }

    def _renamed(self) -> dict[str, Any] | None:
        """The last description with the layers' words as they are now; None where more than words is new."""
        if self._described is None:
            return None
        (before, described), now = self._described, self._session.scene
        if before.camera != now.camera or not _same_sheets(before.layers, now.layers):
            return None
        rows = [
            {**row, "name": layer.name, "label": layer.label, "plane": layer.plane}
            for row, layer in zip(described["layers"], now.layers, strict=True)
        ]
        return {**described, "layers": rows}

    def _address_of(self, picture: "ViewPicture") -> str:
        # Before and after is about the photo itself, not about what edits made of it.
        return f"{self._pictures.add(self._photo if picture.kind == 'photo' else picture)}?token={self._token}"

    def _do(self, job: Callable[[], Result]) -> Result:
        """What `job` gives on the bench; its errors as refusals."""
        try:
            return self._bench.do(job)
        except FileChanged as error:
            raise Refused(HTTPStatus.CONFLICT, str(error), overwrite=True) from error
        except MultiplaneError as error:
            raise Refused(HTTPStatus.CONFLICT, str(error)) from error
        except MemoryError as error:
            raise Refused(HTTPStatus.CONFLICT, "not enough memory for that; close other programs") from error
        except OSError as error:
            raise Refused(HTTPStatus.CONFLICT, f"the system refused: {error.strerror or error}") from error
        except Stopped as error:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error


def _encoded_before() -> tuple[bytes, str]:
    raise AssertionError("unreachable: the photo is a picture of every state, and never forgotten")


def _same_sheets(some: "Sequence[Layer]", others: "Sequence[Layer]") -> bool:
    """Whether layers differ in nothing but words: the same pixels in the same place and order."""
    return len(some) == len(others) and all(
        (one.id, one.corner, one.blend, one.caster) == (other.id, other.corner, other.blend, other.caster)
        and all(getattr(one, part) is getattr(other, part) for part in ("rgba", "z", "filled"))
        for one, other in zip(some, others, strict=True)
    )
