"""Folders of published documents, written whole or not at all, one submission after the other."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mathbench.interop.folder import whole_folder
from mathbench.leaderboard.published import eval_results, every_eval_ever
from mathbench.leaderboard.published.origin import Publisher
from mathbench.leaderboard.ranking.tables import RankTable
from mathbench.leaderboard.store.any_board import LoadPredictions
from mathbench.leaderboard.submission_record import CLAIMED, SubmissionRecord
from mathbench.version import __version__

MARK = "mathbench-published.json"  # is in every folder that is written here; no other folder is ever replaced


@contextmanager
def published_folder(folder: Path, format: str) -> Iterator[Path]:
    """Write a folder of documents; one of an earlier export is replaced.

    Raises:
        InputError: for a folder with other content.
    """
    with whole_folder(folder, {"mathbench": __version__, "format": format}, force=True, mark=MARK) as place:
        yield place


def write_every_eval_ever(
    records: Iterable[SubmissionRecord],
    load_predictions: LoadPredictions | None,
    folder: Path,
    publisher: Publisher,
    progress: Callable[[int], None] = lambda submissions: None,
) -> int:
    """Write records of Every Eval Ever: one aggregate document for each submission, and a file of its answered rows.

    Args:
        records: the submissions, which are read one by one; withdrawn ones are left out.
        load_predictions: reads the predictions of a submission that is not only claimed; None for no answered rows.
        folder: new, empty, or from an earlier export.
        publisher: who publishes the board.
        progress: called with the number of submissions that were read since its last call.

    Returns:
        The number of records that were written.

    Raises:
        InputError: when the folder has other content, or predictions do not give the scores of the board.
    """
    count = 0
    with published_folder(folder, "every-eval-ever") as place:
        for record in records:
            if record.withdrawn is None:
                predictions = (
                    load_predictions(record.digest) if load_predictions and record.badge != CLAIMED else None
                )
                _write_record(record, predictions, place, publisher)
                count += 1
            progress(1)
    return count


def _write_record(
    record: SubmissionRecord, predictions: bytes | None, folder: Path, publisher: Publisher
) -> None:
    path = folder / every_eval_ever.record_path(record)
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = None if predictions is None else _write_samples(record, predictions, folder)
    document = every_eval_ever.aggregate(record, publisher, samples)
    path.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _write_samples(record: SubmissionRecord, predictions: bytes, folder: Path) -> every_eval_ever.SampleFile:
    path = every_eval_ever.samples_path(record)
    digest, rows = hashlib.sha256(), 0
    with (folder / path).open("wb") as file:
        for line in every_eval_ever.sample_lines(record, predictions):
            data = line.encode()
            digest.update(data)
            file.write(data)
            rows += 1
    return every_eval_ever.SampleFile(path.as_posix(), digest.hexdigest(), rows)


def write_eval_results(
    tables: Iterable[RankTable], folder: Path, dataset: eval_results.HubDataset, publisher: Publisher
) -> int:
    """Write a file for the folder `.eval_results` of each model's repository on the Hub.

    Args:
        tables: of the board.
        folder: new, empty, or from an earlier export.
        dataset: the dataset on the Hub whose rows were answered.
        publisher: who publishes the board.

    Returns:
        The number of files.

    Raises:
        InputError: when the folder has other content, or one name stands for several versions of a task.
    """
    files = eval_results.model_files(tables, dataset, publisher)
    with published_folder(folder, "eval-results") as place:
        for name, entries in files.items():
            (place / name).write_text(yaml_list(entries), encoding="utf-8")
    return len(files)


def yaml_list(entries: Iterable[Mapping[str, Any]]) -> str:
    r"""Entries in the JSON form of YAML, one per line; their text is printable, which YAML takes as it is.

    >>> yaml_list([{"value": 99.5, "notes": "é"}])
    '- {"value": 99.5, "notes": "é"}\n'
    """
    return "".join(f"- {json.dumps(entry, ensure_ascii=False, allow_nan=False)}\n" for entry in entries)
