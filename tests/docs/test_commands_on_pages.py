"""Commands on pages that are not run: the command line takes them all the same."""

import re
import shlex

import pytest

from mathbench.cli.command import Command
from tests.commands import run
from tests.docs.test_docs import PAGES, by_name

NOT_RUN = re.compile(r"^<!-- not run: [^\n]+ -->\n```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands_not_run():
    """The commands of mathbench in blocks that are marked as not run, by their pages."""
    for page in PAGES:
        for block in NOT_RUN.findall(page.read_text()):
            yield from (
                (by_name(page), line[2:]) for line in block.splitlines() if line.startswith("$ mathbench ")
            )


@pytest.fixture(autouse=True)
def parsed_only(monkeypatch):
    """Commands are read and do nothing."""
    monkeypatch.setattr(Command, "invoke", lambda command, context: None)


@pytest.mark.parametrize(("page", "command"), list(commands_not_run()))
def test_commands_that_are_not_run_have_these_options(page, command):
    done = run(*shlex.split(command, comments=True)[1:])
    assert (done.returncode, done.stderr) == (0, ""), command


@pytest.mark.parametrize("command", ["leaderboard shew", "certify", "plot runs/a --wat strata"])
def test_a_command_that_does_not_exist_is_seen(command):
    assert run(*command.split()).returncode == 2
