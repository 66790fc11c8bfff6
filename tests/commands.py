"""The command line in this process: as a new interpreter would run it, without the second that its start costs."""

import io
import subprocess
from contextlib import chdir, redirect_stderr, redirect_stdout

import pytest

from mathbench.cli import main, output


def run(*words, width=300, cwd=".", encoding="utf-8"):
    """Run `mathbench WORDS`.

    Args:
        words: the words of the command line, or values that become them.
        width: columns of the terminal.
        cwd: the folder to run in.
        encoding: of stdout and stderr.

    Returns:
        A `subprocess.CompletedProcess` with exit code, stdout and stderr as text.
    """
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding, write_through=True) for _ in range(2))
    arguments = [str(word) for word in words]
    with pytest.MonkeyPatch.context() as patch, chdir(cwd), redirect_stdout(out), redirect_stderr(err):
        patch.setattr(output.out, "width", width)
        patch.setattr(output.err, "width", width)
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
    texts = (stream.buffer.getvalue().decode(encoding) for stream in (out, err))
    return subprocess.CompletedProcess(arguments, stopped.value.code, *texts)


def outcome(*words):
    """Run `mathbench WORDS`; return exit code, stdout and stderr."""
    done = run(*words, width=output.PIPE)
    return done.returncode, done.stdout, done.stderr
