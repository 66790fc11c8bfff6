"""Logs of Inspect: `.eval` (a zip file) and `.json`."""

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mathbench.errors import InputError, shown
from mathbench.interop.logs.model_log import (
    MAX_HEADER,
    MAX_LOG,
    MAX_SAMPLE,
    ModelLog,
    Sample,
    SplitLog,
    as_object,
    check_count,
    find_log,
    make_sample,
    parse_json,
)
from mathbench.interop.logs.unpacking import DAMAGED, read_member
from mathbench.interop.origin import KEY, Origin
from mathbench.scores.untrusted import MAX_ROWS, read_limited

MAX_JSON = 1 << 30  # bytes of a log that is one JSON document
_HEADERS = ("header.json", "_journal/start.json")  # the second of an evaluation that was stopped
_SAMPLES = "samples/"
_MAGIC = b"PK\x03\x04"


def read_inspect(path: Path) -> ModelLog:
    """Read a log.

    Args:
        path: the `.eval` or `.json` file, or a folder with one `.eval` file.

    Raises:
        InputError: for a damaged log, or one of a task that mathbench has not exported.
    """
    file = find_log(path, "*.eval", "one log of Inspect, NAME.eval")
    with file.open("rb") as opened:
        packed = opened.read(4) == _MAGIC
    header, samples = _read_zip(file) if packed else _read_json(file)
    about = as_object(header.get("eval"), f"{file.name}: eval")
    metadata = about.get("metadata") or header.get("metadata")
    if not isinstance(metadata, dict) or KEY not in metadata:
        raise InputError(
            f"{file.name} is no log of a task of `mathbench export inspect`. "
            f"Received the task {shown(about.get('task'))}."
        )
    origin = Origin.from_json(metadata[KEY], f"{file.name}: the metadata")
    model = about.get("model")
    packages = about.get("packages") or {}
    version = packages.get("inspect_ai") if isinstance(packages, dict) else None
    return ModelLog(
        model=model if isinstance(model, str) else "",
        revision=None,
        tool=f"inspect-ai {version or 'of an unknown version'}",
        asked=_asked(header, about),
        environment={"packages": packages, "created": about.get("created")},
        splits=[SplitLog(origin, list(samples), limited=_limited(about))],
    )


def _read_zip(path: Path) -> tuple[dict[str, Any], list[Sample]]:
    """The header and the samples of an `.eval` file."""
    with path.open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                members = {info.filename: info for info in archive.infolist()}
        except DAMAGED as error:
            raise InputError(f"{path.name} is damaged: {error}.") from None
        header = next((members[name] for name in _HEADERS if name in members), None)
        if header is None:
            raise InputError(f"{path.name} is no log of Inspect: header.json is missing.")
        found = as_object(parse_json(read_member(file, header, MAX_HEADER, path.name), path.name), path.name)
        chosen = [info for name, info in members.items() if name.startswith(_SAMPLES)]
        return found, list(_zip_samples(file, chosen, path.name))


def _zip_samples(file: Any, members: list[zipfile.ZipInfo], where: str) -> Iterator[Sample]:
    if len(members) > MAX_ROWS:
        raise InputError(f"{where} has more than {MAX_ROWS:,} samples.")
    total = 0
    for info in members:
        data = read_member(file, info, MAX_SAMPLE, where)
        total += len(data)
        if total > MAX_LOG:
            raise InputError(f"{where} unpacks to more than {MAX_LOG:,} bytes.")
        yield _sample(parse_json(data, f"{where}: {info.filename}"), f"{where}: {info.filename}")


def _read_json(path: Path) -> tuple[dict[str, Any], list[Sample]]:
    """The header and the samples of a `.json` file."""
    document = as_object(parse_json(read_limited(path, MAX_JSON), path.name), path.name)
    listed = document.pop("samples", None) or []
    if not isinstance(listed, list):
        raise InputError(f"{path.name}: samples must be a list. Received: {shown(listed)}.")
    samples = [_sample(value, f"{path.name}: sample {i}") for i, value in enumerate(listed)]
    check_count(samples, path.name)
    return document, samples


def _sample(value: Any, where: str) -> Sample:
    sample = as_object(value, where)
    metadata = as_object(sample.get("metadata"), f"{where}: metadata")
    output = as_object(sample.get("output"), f"{where}: output")
    # of a sample that failed there may be text, which is not what the model wrote in the end
    text = None if sample.get("error") else output.get("completion", "")
    target = sample.get("target")
    return make_sample(
        metadata.get("row"), metadata.get("question"), target, text, where, sample.get("epoch", 1)
    )


def _limited(about: Mapping[str, Any]) -> bool:
    """Whether the first rows only were asked."""
    config = about.get("config")
    return isinstance(config, dict) and config.get("limit") is not None


def _asked(header: Mapping[str, Any], about: Mapping[str, Any]) -> dict[str, Any]:
    """How the model was asked. Addresses and arguments of the client are left out: they may hold secrets."""
    arguments = about.get("task_args")
    given = arguments if isinstance(arguments, dict) else {}
    plan = header.get("plan") if isinstance(header.get("plan"), dict) else {}
    steps = plan.get("steps") if isinstance(plan, dict) else None
    solvers = [
        {"solver": step.get("solver"), "params": step.get("params_passed") or step.get("params")}
        for step in steps or []
        if isinstance(step, dict)
    ]
    return {
        "harness": "inspect-ai",
        "shots": given.get("shots", 0),
        "solvers": solvers,
        "decoding": about.get("model_generate_config") or {},
    }
