"""Commands for a served board: leaderboard serve, leaderboard token create, list, revoke."""

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from mathbench.cli.command import CommandGroup
from mathbench.cli.leaderboard.options import DatabaseOption, SeasonOption
from mathbench.cli.options import Json
from mathbench.cli.output import out, print_json, print_message, table
from mathbench.errors import InputError

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the token's owner.")]
MAX_PORT = 65_535

token = CommandGroup(help="Create, list and revoke the tokens of submitters.")


def register(leaderboard: typer.Typer) -> None:
    """Add the commands."""
    leaderboard.command()(serve)
    token.command()(create)
    token.command("list")(listing)
    token.command()(revoke)
    leaderboard.add_typer(token, name="token")


def serve(
    board: DatabaseOption = None,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=MAX_PORT, help="Port; 0 chooses a free one.")
    ] = 8000,
    largest: Annotated[
        int, typer.Option("--largest", min=1, help="Maximum size of a submission in bytes.")
    ] = 10 << 20,
    per_token: Annotated[
        int, typer.Option("--per-token", min=1, help="Maximum submissions per minute and token.")
    ] = 60,
    per_minute: Annotated[
        int, typer.Option("--per-minute", min=1, help="Maximum submissions per minute in total.")
    ] = 600,
    requests: Annotated[
        int, typer.Option("--requests", min=1, help="Maximum requests per minute from one address.")
    ] = 1_200,
    seconds: Annotated[
        float, typer.Option("--seconds", min=1, help="Maximum time for scoring a submission, in seconds.")
    ] = 60,
    work: Annotated[
        float,
        typer.Option("--work", min=1, help="Maximum CPU time for scoring a submission, in seconds."),
    ] = 30,
    work_per_token: Annotated[
        float,
        typer.Option("--work-per-token", min=1, help="Maximum CPU time per hour and token, in seconds."),
    ] = 600,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", min=1, help="Submissions scored at the same time. Default: one per core."),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", metavar="NAME", help="Additional host name to accept; may be repeated."),
    ] = None,
    proxy: Annotated[
        list[str] | None,
        typer.Option(
            "--proxy",
            metavar="ADDRESS",
            help="Address of a proxy that names clients in X-Forwarded-For; may be repeated. Default: loopback.",
        ),
    ] = None,
    rounds: Annotated[Path | None, typer.Option("--rounds", help="Folder of sealed rounds.")] = None,
    secrets: Annotated[
        Path | None, typer.Option("--secrets", help="Folder of the secrets of the rounds, as NAME.json.")
    ] = None,
    season: SeasonOption = None,
) -> None:
    """Serve a board over HTTP.

    Anyone can read it; submitting needs a token.

    Examples:
      mathbench leaderboard serve

      mathbench leaderboard serve --board team.sqlite --host 0.0.0.0 --port 8080

      mathbench leaderboard serve --allow-host board.example.org

      mathbench leaderboard serve --host 10.0.0.5 --proxy 10.0.0.2

      mathbench leaderboard serve --board team.sqlite --rounds rounds

      mathbench leaderboard serve --board postgresql+psycopg://board@db/board
    """
    try:
        from mathbench.leaderboard.server import allowed_hosts
        from mathbench.leaderboard.server.app import ServerLimits
        from mathbench.leaderboard.server.round_folders import RoundFolders
        from mathbench.leaderboard.server.serve import serve as run
    except ImportError as error:
        raise InputError(f"a server needs more: pip install 'mathbench-toolkit[server]' ({error}).") from None
    from mathbench.leaderboard.store.board import Board

    if secrets and not rounds:
        raise InputError("--secrets are those of the rounds in --rounds DIR.")
    names = allowed_hosts.parse_names(allow_host or ())
    # refused here, before a board is created
    proxies = allowed_hosts.parse_addresses(proxy) if proxy else allowed_hosts.LOOPBACK
    if rounds:
        RoundFolders(rounds, secrets)
    opened = Board(board)
    limits = ServerLimits(
        max_body=largest,
        requests_per_minute=requests,
        submissions_per_minute=per_minute,
        submissions_per_token=per_token,
        scoring_seconds=seconds,
        work=work,
        work_per_token=work_per_token,
        max_concurrent=jobs or ServerLimits.max_concurrent,
        hosts=names,
        proxies=proxies,
    )
    run(opened, host, port, limits, partial(_ready, opened.name), rounds, secrets, season)


def _ready(name: str, url: str) -> None:
    print_message(f"{name} on {url} (Ctrl-C ends it)", "serving ")


def create(name: NameArgument, board: DatabaseOption = None) -> None:
    """Create a token and print it.

    It is printed only once; the board stores its hash.

    Examples:
      mathbench leaderboard token create ada

      mathbench leaderboard token create ada --board team.sqlite > ada.token
    """
    from mathbench.leaderboard.store import tokens
    from mathbench.leaderboard.store.board import Board

    tokens.check_name(name)
    opened = Board(board)
    sys.stdout.write(tokens.create(opened, name) + "\n")
    print_message(f"a token for {name} on {opened.name}; it is not shown again")


def listing(
    board: DatabaseOption = None,
    as_json: Json = False,
) -> None:
    """List the tokens of a board.

    Shows their names, and when they were created and revoked.

    Examples:
      mathbench leaderboard token list --json
    """
    from mathbench.leaderboard.store import tokens
    from mathbench.leaderboard.store.board import Board

    found = tokens.all_tokens(Board(board, create=False))
    if as_json:
        print_json([vars(known) for known in found])
        return
    shown = table("name", "created", "revoked")
    for known in found:
        shown.add_row(known.name, known.created, known.revoked or "")
    out.print(shown)


def revoke(name: NameArgument, board: DatabaseOption = None) -> None:
    """Revoke a token.

    Submissions made with it stay on the board.

    Examples:
      mathbench leaderboard token revoke ada
    """
    from mathbench.leaderboard.store import tokens
    from mathbench.leaderboard.store.board import Board

    opened = Board(board, create=False)
    tokens.revoke(opened, name)
    print_message(f"the token for {name} on {opened.name} is revoked")
