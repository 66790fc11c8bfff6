"""Messages about words of a command line that no command accepts."""

import re
from typing import Any

from mathbench.errors import did_you_mean, nearest, shown


def usage_message(error: Any) -> str:
    """Return one line for a usage error of typer: what was received, what is allowed, and what is nearest."""
    message = str(error.format_message())
    if message.startswith("No such option"):
        return _unknown_option(error.option_name, error.ctx)
    if message.startswith("No such command"):
        return _unknown_command(message.partition("'")[2].partition("'")[0], error.ctx)
    if extra := re.fullmatch(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", message):
        return f"unexpected argument {shown(extra[1])}. Allowed: {_arguments(error.ctx)}."
    return message


def _unknown_option(word: str, context: Any) -> str:
    """Name the nearest option; of a group, say where the options of its commands belong."""
    what = f"unknown option {shown(word)}."
    if re.match(r"-\d", word):
        return f"{what} Put -- before a question that begins with -."
    names = _options(context)
    if len(word) == 2 and (same := [name for name in names if name[2:3] == word[1]]):
        return f"{what} Did you mean '{same[0]}'?"
    if hasattr(context.command, "list_commands") and nearest(word, names, cutoff=0.7) is None:
        return f"{what} Options of a command follow its name. Allowed before it: {', '.join(sorted(names))}."
    return f"{what} {did_you_mean(word, names)}"


def _unknown_command(word: str, context: Any) -> str:
    """Name the nearest command, or the option of the same name, as in `mathbench help`."""
    if f"--{word}" in _options(context):
        return f"unknown command {shown(word)}. Did you mean '--{word}'?"
    return f"unknown command {shown(word)}. {did_you_mean(word, context.command.list_commands(context))}"


def _options(context: Any) -> list[str]:
    """The long options of a command."""
    parameters = context.command.get_params(context)
    options = [p for p in parameters if p.param_type_name == "option"]
    return [name for p in options for name in (*p.opts, *p.secondary_opts) if name.startswith("--")]


def _arguments(context: Any) -> str:
    """The arguments of a command as its help names them."""
    arguments = [p for p in context.command.get_params(context) if p.param_type_name == "argument"]
    return " ".join(p.metavar or p.name for p in arguments) or "no arguments"
