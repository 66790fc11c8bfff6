"""Running the console blocks of documentation pages."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def make_commands(folder):
    """Put `python` and `mathbench` into a folder, as the Python that runs the tests."""
    folder.mkdir()
    for name, arguments in (("python", ""), ("mathbench", "-m mathbench")):
        (folder / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
        (folder / name).chmod(0o755)


def console(code, **options):
    """Run the lines after `$ `; each line below must appear, in order, whatever the spaces."""
    for entry in re.split(r"^\$ ", code, flags=re.MULTILINE)[1:]:
        command, *expected = entry.strip().splitlines()
        done = subprocess.run(command, shell=True, capture_output=True, text=True, **options)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        shown = " ".join((done.stderr + done.stdout).split())
        for line in expected:
            wanted = " ".join(line.split())
            assert wanted in shown, f"{command}: {wanted!r} is not in\n{done.stderr}{done.stdout}"
            shown = shown.partition(wanted)[2]
