"""The entrance: gathers the commands, and turns our errors into one line and an exit code."""

import io
import logging
import sys
from typing import NoReturn

import typer

from multiplane.errors import MultiplaneError
from multiplane.version import __version__
from multiplane_cli.decompose import decompose
from multiplane_cli.edit import app as edit
from multiplane_cli.export import export
from multiplane_cli.import_ import import_
from multiplane_cli.inspect import inspect
from multiplane_cli.relight import relight
from multiplane_cli.render import render
from multiplane_cli.stopping import INTERRUPTED, TERMINATED, listen
from multiplane_cli.view import view

OUR_ERROR = 1
STOPPED = "stopped; nothing half written is left behind"

app = typer.Typer(
    name="multiplane",
    help="Turns one flat picture into ordered, soft-edged layers with depth, filled in behind.",
    epilog="Start with: multiplane decompose photo.jpg -o layers",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (decompose, view, relight, export, render, inspect):
    app.command()(command)
app.add_typer(edit, name="edit")
app.command("import")(import_)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"multiplane {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", help="Print the version and stop.", callback=_print_version, is_eager=True
    ),
) -> None:
    pass


def main() -> None:
    """Run the command line; exit with 0, 1 (our error, one line), 2 (usage), 130 (Ctrl-C) or 143 (told to stop)."""
    listen()
    logging.basicConfig(format="multiplane: %(message)s", level=logging.WARNING)
    # What a library says of a damaged file, our own error says in one line.
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files and layers may hold what it cannot encode
    try:
        app()
    except MultiplaneError as error:
        _fail(str(error))
    except MemoryError:
        _fail("not enough memory for this picture; close other programs or scale it down")
    except OSError as error:  # of the machine: too many open files, a disk that fails; what we expect is named above
        _fail(f"the system refused: {error}; try again, or on another disk")
    except KeyboardInterrupt:
        _say(STOPPED)
        sys.exit(INTERRUPTED)
    except SystemExit as stop:
        # Typer makes this of most KeyboardInterrupts.
        if stop.code in (INTERRUPTED, TERMINATED):
            _say(STOPPED)
        raise


def _fail(words: str) -> NoReturn:
    _say(words)
    sys.exit(OUR_ERROR)


def _say(words: str) -> None:
    typer.echo(f"multiplane: {' '.join(words.split())}", err=True)
