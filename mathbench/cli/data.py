"""Commands that make and check data: generate, verify, describe."""
import typer
def register(app: typer.Typer) -> None:
    """Add the commands."""
