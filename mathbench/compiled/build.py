"""Compile the loops: `python -m mathbench.compiled.build`; installing mathbench does it too.

Uses the standard library only, because `hatch_build.py` runs this file before anything else is installed.
"""

import hashlib
import os
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path

FOLDER = Path(__file__).parent
LIBRARY = FOLDER / {"win32": "loops.dll", "darwin": "loops.dylib"}.get(sys.platform, "loops.so")
FLAGS = ("-std=c11", "-O3", "-fPIC", "-shared", "-fvisibility=hidden")


def sources() -> list[Path]:
    """The C sources and headers."""
    return sorted(FOLDER.glob("*.[ch]"))


def version() -> str:
    """A digest of the sources. A library made from other sources is not loaded."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources())).hexdigest()[:16]


def command(library: Path) -> list[str]:
    """The command that compiles the sources, with `$CC` or the compiler that Python was built with."""
    compiler = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
    files = [str(path) for path in sources() if path.suffix == ".c"]
    return [*shlex.split(compiler), *FLAGS, f'-DVERSION="{version()}"', "-o", str(library), *files]


def make() -> str | None:
    """Compile the loops beside their sources. Processes that have loaded an older library keep it.

    Returns:
        None, or an error message.
    """
    fresh = LIBRARY.with_suffix(f".{os.getpid()}")
    try:
        done = subprocess.run(command(fresh), capture_output=True, text=True)
        if done.returncode == 0:
            fresh.replace(LIBRARY)
            return None
        return (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1]
    except OSError as error:
        return str(error)
    finally:
        fresh.unlink(missing_ok=True)


if __name__ == "__main__":
    problem = make()
    sys.exit(f"The loops were not compiled: {problem}" if problem else 0)
