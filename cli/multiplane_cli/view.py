"""`multiplane view`: a scene or a photo on a page of this machine's browser, to look at, edit and send."""

import os
import shutil
import tempfile
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from multiplane.errors import MissingDependency, OutputError
from multiplane_cli.display import has_display
from multiplane_cli.view_open import open_session, scene_of

if TYPE_CHECKING:
    from multiplane_cli.view_session import Session
    from multiplane_viewer.answer import Answer
    from multiplane_viewer.serve import Server

MOST_PORTS = 65535


def view(
    scene: Annotated[Path, typer.Argument(metavar="SCENE|PHOTO", help="A scene archive (.multiplane), or a picture.")],
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page, or only print its address.")
    ] = True,
    port: Annotated[int, typer.Option(min=0, max=MOST_PORTS, help="Port to listen on; 0 takes a free one.")] = 0,
    select: Annotated[
        str, typer.Option(help="What answers clicks on objects: builtin, a model's name, or its folder.")
    ] = "builtin",
    native: Annotated[
        bool, typer.Option("--native", help="Only look at it, in a window of Open3D instead of a browser.")
    ] = False,
) -> None:
    """Show SCENE in the browser: parallax, layers, depth, light; edit it, save it, export it.

    Only this machine can reach the page, by the address that is printed. Edits are kept apart until you save. A PHOTO
    is split into layers first; saving in the page writes PHOTO.multiplane beside it, and while that is newer than the
    photo, it is what is shown. Ctrl-C ends the viewer.

    Examples:

      multiplane view layers/photo.multiplane

      multiplane view photo.jpg

      multiplane view photo.multiplane --no-browser --port 8000
    """
    if native:
        from multiplane_cli.view_native import check_display, show

        check_display()
        show(scene_of(scene), scene.name)
        return
    page = built_site()
    folder = Path(tempfile.mkdtemp(prefix="multiplane-"))
    keep = False
    try:
        session = open_session(scene, folder)
        try:
            _serve(session, page, port, browser, select)
        finally:
            keep = _tell_unsaved(session)
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def built_site() -> "tuple[Answer, dict[str, Answer]]":
    """The page, and what it asks for by path."""
    from multiplane_viewer.answer import Answer
    from multiplane_viewer.built_page import PageMissing, load_page

    try:
        page = load_page()
    except PageMissing as error:
        raise MissingDependency(str(error)) from error
    files = {f"/{name}": Answer(body, kind) for name, (body, kind) in page.assets.items()}
    return Answer(page.html, "text/html; charset=utf-8"), files


def _serve(session: "Session", page: "tuple[Answer, dict[str, Answer]]", port: int, browser: bool, select: str) -> None:
    from multiplane.segment.prompted import load_prompted
    from multiplane_cli.view_api import Api
    from multiplane_cli.view_bench import Bench
    from multiplane_viewer.guard import new_token
    from multiplane_viewer.serve import Server

    if select != "builtin":
        load_prompted(select)  # so that a name that is none, or weights that are missing, are told now
    bench, token = Bench(), new_token()
    api = Api(session, bench, token, select)
    try:
        server = Server(api.site(*page), token, port)
    except OSError as error:
        raise OutputError(f"cannot listen on port {port}: {error.strerror}; choose another --port") from error
    server.start()
    try:
        typer.echo(f"{session.file.name} is at {server.address}")
        if session.unsaved:
            typer.echo(f"Nothing is on the disk yet: saving in the page writes {session.file}.", err=True)
        typer.echo("Ctrl-C ends it.", err=True)
        if browser:
            _browse(server)
        bench.work()
    except KeyboardInterrupt:
        typer.echo("", err=True)
    finally:
        server.stop()
        api.stop()


def _browse(server: "Server") -> None:
    # Without a screen, a browser for terminals would take this one over, and show nothing.
    if has_display() or os.environ.get("BROWSER"):
        webbrowser.open(server.address_for_once())
        return
    way = f"ssh -L {server.port}:127.0.0.1:{server.port} THIS-MACHINE"
    typer.echo(f"There is no display here: open the address where there is one, after {way}", err=True)


def _tell_unsaved(session: "Session") -> bool:
    """Say where edits are that the file does not have; gives whether there are any."""
    if not (session.unsaved and session.revision):
        return False
    typer.echo(f"not saved: the edits of {session.file.name} are kept in {session.working}", err=True)
    return True
