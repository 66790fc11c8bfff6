"""What a run directory keeps about the code of a guest, to find it again and to notice changes."""

import json
import os
import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mathbench.baselines.checkpoint import write_json
from mathbench.baselines.guests.source import Origin
from mathbench.errors import GuestWarning, InputError

RECORD_FILE = "guest.json"
COPY_FILE = "guest.py"


def write_record(run: Path, origin: Origin | None) -> None:
    """Record the code of a guest in its run directory, with a copy of its file. A resumed run warns of changes."""
    if origin is None:
        return
    warn_of_changes(run, origin)
    stored = read_record(run)
    if stored.get("versions") == origin.versions:
        return
    write_json(run / RECORD_FILE, {**stored, "file": origin.file, "versions": origin.versions})
    if origin.file.endswith(".py") and os.path.isfile(origin.file):
        shutil.copyfile(origin.file, run / COPY_FILE)


def warn_of_changes(run: Path, origin: Origin | None) -> None:
    """Warn when the code of a guest is another one than that of a run."""
    if origin is None:
        return
    recorded: Mapping[str, str] = read_record(run).get("versions", {})
    for name, version in origin.versions.items():
        if name in recorded and recorded[name] != version:
            what = (
                "has changed"
                if version.startswith("sha256:")
                else f"is {version} now, {recorded[name]} then,"
            )
            warnings.warn(GuestWarning(f"{name} {what} since the run {run}"), stacklevel=2)


def fitted_before(run: Path) -> dict[str, Any] | None:
    """Return the timings of a guest that was fitted in a run directory before it failed to answer; None otherwise."""
    timings = read_record(run).get("fitted")
    return timings if isinstance(timings, dict) else None


def record_fit(run: Path, timings: Mapping[str, Any]) -> None:
    """Record that what a guest learnt is stored, so that a resumed run need not fit it again."""
    write_json(run / RECORD_FILE, {**read_record(run), "fitted": dict(timings)})


def place_of(run: Path, baseline: str) -> str:
    """Return the file of the guest of a run: where it was, or as it is named; an empty text for other baselines.

    Raises:
        InputError: when it is in neither place.
    """
    if ".py:" not in baseline:
        return ""
    named = os.path.realpath(os.path.expanduser(baseline.rpartition(":")[0]))
    then = str(read_record(run).get("file", "")) or named
    found = next((file for file in (then, named) if os.path.isfile(file)), None)
    if found is None:
        copy = f" A copy is {run / COPY_FILE}." if (run / COPY_FILE).is_file() else ""
        raise InputError(f"the code of {run} is missing: there is no file {then}.{copy}")
    return found


def read_record(run: Path) -> dict[str, Any]:
    """Return what a run directory keeps about a guest; nothing for other runs, and those of earlier versions."""
    path = run / RECORD_FILE
    if not path.is_file():
        return {}
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path} is damaged: {error}.") from None
    return stored if isinstance(stored, dict) else {}
