"""Compile the loops: `python -m mathbench.compiled.build`; installing mathbench does it too.

Uses the standard library only, because `hatch_build.py` runs this file before anything else is installed.
"""

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

# a name of its own, so that type checkers read the code for every system
SYSTEM: str = sys.platform
FOLDER = Path(__file__).parent
LIBRARY = FOLDER / {"win32": "loops.dll", "darwin": "loops.dylib"}.get(SYSTEM, "loops.so")
WINDOWS_COMPILERS = ("cl", "clang", "gcc")


def sources() -> list[Path]:
    """The C sources and headers."""
    return sorted(FOLDER.glob("*.[ch]"))


def version() -> str:
    """A digest of the sources. A library made from other sources is not loaded."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources())).hexdigest()[:16]


def compiler() -> list[str]:
    """`$CC`; or the compiler that Python was built with, on Windows the first of MSVC, Clang and GCC on the path."""
    if SYSTEM == "win32":
        # a path with backslashes and blanks, so no arguments beside it
        return [os.environ.get("CC") or next(filter(shutil.which, WINDOWS_COMPILERS), WINDOWS_COMPILERS[0])]
    return shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")


def command(library: Path) -> list[str]:
    """The command that compiles the sources. MSVC writes further files to the working folder."""
    program, define = compiler(), f'DVERSION="{version()}"'
    if Path(program[0]).stem.lower() in ("cl", "clang-cl"):
        flags = ["/nologo", "/std:c11", "/O2", "/LD", f"/{define}", f"/Fe:{library}"]
    else:
        flags = ["-std=c11", "-O3", "-shared", *_platform_flags(), f"-{define}", "-o", str(library)]
    return [*program, *flags, *(str(path) for path in sources() if path.suffix == ".c")]


def _platform_flags() -> list[str]:
    if SYSTEM == "win32":
        return []
    flags = ["-fPIC", "-fvisibility=hidden"]
    if SYSTEM != "darwin":
        return flags
    # the systems and processors that the wheel's tag promises, as in macosx-11.0-universal2
    _, oldest, machine = sysconfig.get_platform().split("-")
    machines = ("arm64", "x86_64") if machine == "universal2" else (machine,)
    processors = [word for name in machines for word in ("-arch", name)]
    return [*flags, f"-mmacosx-version-min={oldest}", *processors, "-install_name", f"@rpath/{LIBRARY.name}"]


def make() -> str | None:
    """Compile the loops beside their sources. Processes that have loaded an older library keep it.

    Returns:
        None, or an error message of one line.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=".build-", dir=FOLDER) as folder:
            fresh = Path(folder) / LIBRARY.name
            done = subprocess.run(command(fresh), cwd=folder, capture_output=True, errors="replace")
            if done.returncode:
                return _reason(done)
            fresh.replace(LIBRARY)
            return None
    except OSError as error:
        return str(error)


def _reason(done: "subprocess.CompletedProcess[str]") -> str:
    """The first line that names an error, or the last one. MSVC reports errors on stdout."""
    lines = [line.strip() for line in (done.stderr + "\n" + done.stdout).splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return [*errors, *lines[-1:], f"exit code {done.returncode}"][0]


if __name__ == "__main__":
    problem = make()
    sys.exit(f"The loops were not compiled: {problem}" if problem else 0)
