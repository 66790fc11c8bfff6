"""The results of a study in one small file, from which reports are made and the study goes on.

An archive is a tar file compressed with xz. It has the file of the study and, of every finished run, what was to be run
and its result: all that reports read. Weights and predictions are not in it. Archives of equal results are equal byte
by byte.
"""

import io
import lzma
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

from mathbench.baselines.result import RESULT_FILE
from mathbench.baselines.run_directory import SPEC_FILE
from mathbench.errors import InputError
from mathbench.storage import atomic
from mathbench.studies.plan import RUNS, SEARCHES
from mathbench.studies.run_study import STUDY_FILE, read_study
from mathbench.studies.study_file import parse_study

SUFFIX = ".tar.xz"
FILES = (SPEC_FILE, RESULT_FILE)  # of a run; the result goes last, since it marks a run as finished
LARGEST = 1 << 26  # bytes of a file in an archive
# a folder of a search has the name of its variant, in which any character of a setting may stand
_RUN = re.compile(rf"({RUNS}|{SEARCHES})(/[^/\\\x00-\x1f]+){{2,3}}/seed\d+")


def pack(folder: Path, file: Path) -> int:
    """Write the results of a study into a file; return the number of runs.

    Args:
        folder: of the study.
        file: the archive.

    Raises:
        InputError: for a folder without a study, without a finished run, and for a file that cannot be written.
    """
    read_study(folder)
    runs = finished_runs(folder)
    if not runs:
        raise InputError(f"no run in {folder} is finished.")
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:xz", format=tarfile.PAX_FORMAT, preset=9) as archive:
        for path in (folder / STUDY_FILE, *(run / name for run in runs for name in FILES)):
            data = path.read_bytes()
            # owner, date and mode are those of a new member: the bytes depend on the results alone
            member = tarfile.TarInfo(path.relative_to(folder).as_posix())
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    atomic.write(file, content.getvalue())
    return len(runs)


def finished_runs(folder: Path) -> list[Path]:
    """Return the directories of the finished runs of a study, those of searches last."""
    return [
        path.parent for part in (RUNS, SEARCHES) for path in sorted((folder / part).glob(f"**/{RESULT_FILE}"))
    ]


def unpack(file: Path, folder: Path) -> int:
    """Write the runs of an archive into the folder of a study; return how many are new.

    Args:
        file: the archive.
        folder: of the study; it may be new. Runs that are there, finished or not, stay as they are.

    Raises:
        InputError: for what is no archive of a study, a folder with another study, and a folder that is in use.
    """
    members = dict(read_files(file))
    study = parse_study(members.pop(STUDY_FILE, b"").decode(errors="replace"), Path(file.name))
    atomic.make_folder(folder)
    new: set[Path] = set()
    with atomic.folder_lock(folder):
        if (folder / STUDY_FILE).is_file():
            if (other := read_study(folder).name) != study.name:
                raise InputError(f"{folder} is the folder of the study {other}. Received: {study.name}.")
        elif any(path.name[0] != "." for path in folder.iterdir()):
            raise InputError(f"{folder} is not empty and no folder of a study.")
        else:
            atomic.write(folder / STUDY_FILE, study.text)
        for name, data in members.items():
            run = (folder / name).parent
            if run in new or not run.exists():
                new.add(run)
                atomic.make_folder(run)
                atomic.write(folder / name, data)
    return len(new)


def read_files(file: Path) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of the files of an archive: first that of the study, then two of each run.

    Args:
        file: the archive.

    Raises:
        InputError: for a file that cannot be read, is damaged, or has something else in it.
    """
    try:
        with tarfile.open(file, mode="r:xz") as archive:
            for member in archive:
                if not member.isreg() or member.size > LARGEST or not _is_expected(member.name):
                    raise InputError(f"{file} is no archive of a study: it has {member.name!r:.80} in it.")
                data = archive.extractfile(member)
                yield member.name, data.read() if data else b""
    except (OSError, EOFError, lzma.LZMAError, tarfile.TarError) as error:
        raise InputError(f"{file} cannot be read as an archive of a study: {error}") from None


def _is_expected(name: str) -> bool:
    """Whether an archive may have a file of this name: the file of the study, or one of a run.

    >>> _is_expected("runs/sums/mlp/seed0/result.json"), _is_expected("runs/../mlp/seed0/result.json")
    (True, False)
    """
    run, _, last = name.rpartition("/")
    return name == STUDY_FILE or (last in FILES and ".." not in run and bool(_RUN.fullmatch(run)))
