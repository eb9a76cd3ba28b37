"""The entrance: gathers the commands, and turns our errors into one line and an exit code."""

import sys

import typer

from multiplane.errors import MultiplaneError
from multiplane.version import __version__
from multiplane_cli.decompose import decompose
from multiplane_cli.export import export
from multiplane_cli.inspect import inspect
from multiplane_cli.render import render

OUR_ERROR = 1
INTERRUPTED = 130

app = typer.Typer(
    name="multiplane",
    help="Turns one flat picture into ordered, soft-edged layers with depth, filled in behind.",
    epilog="Start with: multiplane decompose photo.jpg -o layers",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (decompose, export, render, inspect):
    app.command()(command)


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
    """Run the command line; exit with 0, 1 (our error, one line), 2 (usage) or 130 (stopped by Ctrl-C)."""
    try:
        app()
    except MultiplaneError as error:
        typer.echo(f"multiplane: {' '.join(str(error).split())}", err=True)
        sys.exit(OUR_ERROR)
    except MemoryError:
        typer.echo("multiplane: not enough memory for this picture; close other programs or scale it down", err=True)
        sys.exit(OUR_ERROR)
    except KeyboardInterrupt:
        typer.echo("multiplane: stopped; nothing half written is left behind", err=True)
        sys.exit(INTERRUPTED)
