"""Running the console blocks of documentation pages."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.commands import run

# what only a shell understands, and a command that starts itself again, by the words of its process
SHELL = re.compile(r"\|\||&|>|\$|--devices")
ROOT = Path(__file__).resolve().parents[2]
TREE_PAGES = ("add-a-task.md", "add-a-school-module.md")  # whose steps change a copy of the tree


def make_commands(folder):
    """Put `python` and `mathbench` into a folder, as the Python that runs the tests."""
    folder.mkdir()
    for name, arguments in (("python", ""), ("mathbench", "-m mathbench")):
        (folder / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
        (folder / name).chmod(0o755)


def in_shell(command, **options):
    """Run a line in a shell of its own."""
    return subprocess.run(command, shell=True, capture_output=True, text=True, **options)


def in_process(command):
    """Run a line in this process if it is a command of mathbench alone, else in a shell."""
    if command.startswith("mathbench ") and not SHELL.search(command):
        return run(*shlex.split(command, comments=True)[1:])
    return in_shell(command)


def console(code, execute=in_shell, **options):
    """Run the lines after `$ `; each line below must appear, in order, whatever the spaces."""
    for entry in re.split(r"^\$ ", code, flags=re.MULTILINE)[1:]:
        command, *expected = entry.strip().splitlines()
        done = execute(command, **options)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        shown = " ".join((done.stderr + done.stdout).split())
        for line in expected:
            wanted = " ".join(line.split())
            assert wanted in shown, f"{command}: {wanted!r} is not in\n{done.stderr}{done.stdout}"
            shown = shown.partition(wanted)[2]
