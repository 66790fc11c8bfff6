"""Results of models as the Hugging Face Hub reads them from `.eval_results/*.yaml` of a model's repository.

See https://huggingface.co/docs/hub/eval-results.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mathbench.errors import InputError, one_line, shown
from mathbench.interop.hub import REPOSITORY, task_id
from mathbench.leaderboard.published.origin import Publisher
from mathbench.leaderboard.published.path_parts import path_part
from mathbench.leaderboard.ranking.tables import Entry, RankTable
from mathbench.leaderboard.submission import canonical_json
from mathbench.leaderboard.submission_manifest import SUPERVISIONS
from mathbench.leaderboard.submission_record import SubmissionRecord

MAX_SEEDS = 10  # named in an error
DECIMALS = 4  # of a percentage; YAML would read 1e-05 as text


@dataclass(frozen=True)
class HubDataset:
    """The dataset on the Hub whose rows were answered.

    Args:
        name: as OWNER/NAME.
        revision: the commit; empty for none.

    Raises:
        InputError: for anything else.
    """

    name: str
    revision: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch(REPOSITORY, self.name):
            raise InputError(
                f"--dataset-id takes the name of a dataset on the Hub, as OWNER/NAME. Received: {shown(self.name)}."
            )
        if self.revision and not re.fullmatch("[0-9a-f]{40}", self.revision):
            raise InputError(
                f"--dataset-revision takes a commit of 40 digits from 0 to f. Received: {shown(self.revision)}."
            )


def of_data_seed(records: Iterable[SubmissionRecord], seed: str | None) -> list[SubmissionRecord]:
    """The submissions to rows of one data seed per task, as a dataset on the Hub has; withdrawn ones are left out.

    Args:
        records: the submissions.
        seed: the data seed; None for the only one of each task.

    Raises:
        InputError: when a task has several and none is given, or no submission has the given one.
    """
    active = [record for record in records if record.withdrawn is None]
    seeds: dict[str, set[str]] = {}
    for record in active:
        seeds.setdefault(record.task_key, set()).add(str(record.summary.data["seed"]))
    names = ", ".join(sorted(set().union(*seeds.values()))[:MAX_SEEDS])
    if seed is None and any(len(found) > 1 for found in seeds.values()):
        raise InputError(
            "the board has answers to rows of several data seeds, and a dataset on the Hub has one. "
            f"Choose it with --data-seed. Allowed: {names}."
        )
    if seed is None or not active:
        return active
    found = [record for record in active if str(record.summary.data["seed"]) == seed]
    if not found:
        raise InputError(f"no submission has the data seed {shown(seed)}. Allowed: {names}.")
    return found


def model_files(
    tables: Iterable[RankTable], dataset: HubDataset, publisher: Publisher
) -> dict[str, list[dict[str, Any]]]:
    """The entries of each model by the name of its file.

    Models of one name that differ in a setting have a file each. A file has one entry for each task and split: where a
    board has several, that with the most rows, and of these the first that was submitted.

    Raises:
        InputError: when one name stands for several versions of a task.
    """
    chosen: dict[str, dict[str, tuple[Entry, str]]] = {}
    versions: dict[str, str] = {}
    for table in tables:
        identity = task_id(table.task, table.split)
        _check_version(table, versions.setdefault(identity, table.task_id))
        for line in (line for line in table.lines if line.kind == "model"):
            entries = chosen.setdefault(file_name(line), {})
            known = entries.get(identity)
            if known is None or (-line.n, line.submitted) < (-known[0].n, known[0].submitted):
                entries[identity] = (line, table.task_id)
    return {
        name: [
            entry(line, identity, version, dataset, publisher)
            for identity, (line, version) in sorted(entries.items())
        ]
        for name, entries in sorted(chosen.items())
    }


def _check_version(table: RankTable, known: str) -> None:
    if table.task_id != known:
        raise InputError(
            f"a dataset on the Hub has one version of the task '{table.task}', and the board has several. "
            f"Choose one with --task. Received: {known}, {table.task_id}."
        )


def file_name(line: Entry) -> str:
    """The name of a model's file; a digest of its settings keeps models of one name apart.

    >>> file_name(Entry("model", "../net", 10, 1, 0.7, 1, "re-scored"))
    '%2E.%2Fnet-59c13dc3.yaml'
    """
    settings = {
        name: getattr(line, name)
        for name in ("model", "framework", "encoding", "recipe", "parameters", "data", "supervision")
    }
    digest = hashlib.sha256(canonical_json(settings).encode()).hexdigest()[:8]
    return f"{path_part(line.model)}-{digest}.yaml"


def entry(
    line: Entry, identity: str, version: str, dataset: HubDataset, publisher: Publisher
) -> dict[str, Any]:
    """One result.

    Args:
        line: the model in a table of the board.
        identity: the id of the task in `eval.yaml` of the dataset.
        version: the versioned id of the task here.
        dataset: the dataset on the Hub.
        publisher: who publishes the board; the Hub takes its name with an address only.
    """
    revision = {"revision": dataset.revision} if dataset.revision else {}
    source = {"source": {"url": publisher.url, "name": publisher.name}} if publisher.url else {}
    return {
        "dataset": {"id": dataset.name, "task_id": identity, **revision},
        "value": round(100 * line.exact_match, DECIMALS),
        "date": line.submitted,
        **source,
        "notes": notes(line, version),
    }


def notes(line: Entry, version: str) -> str:
    """What the value is and what was checked, in words.

    >>> notes(Entry("model", "net", 200, 0.5, 0.43, 0.57, "re-scored", seeds=1, supervision="examples"), "addition-v1")
    'exact match in percent of 200 rows of addition-v1, 95 % interval 43.00% to 57.00%; re-scored; from examples'
    """
    settings: Mapping[str, Any] = {
        "framework": line.framework,
        "recipe": line.recipe,
        "encoding": line.encoding,
        "training": line.data,
        "proved": line.proof,
    }
    parts = [
        f"exact match in percent of {line.n:,} rows of {version}, "
        f"95 % interval {line.low:.2%} to {line.high:.2%}",
        f"mean of {line.seeds} training seeds" if line.seeds > 1 else "",
        line.badge,
        SUPERVISIONS[line.supervision],
        *(f"{name}: {value}" for name, value in settings.items() if value),
    ]
    # settings are text of strangers, and YAML takes printable text only
    return one_line("; ".join(part for part in parts if part))
