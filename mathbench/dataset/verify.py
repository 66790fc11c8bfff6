"""Verification of datasets: complete files, content as stated by the manifest, right answers, disjoint splits.

Rows are regenerated and compared. Answers and reserves are checked from the text of each question by plain
Python that shares nothing with the generators (`Task.oracle`, `Task.operands_of`, `reserve.fingerprint`). Imported data
is not solved: its files and digests are checked, and what its splits share is measured again.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.dataset import exclusions, layout, shard_reader
from mathbench.dataset.check_result import CheckResult
from mathbench.dataset.imported.verify import check_imported
from mathbench.dataset.manifest import Config, Shard
from mathbench.dataset.read import Dataset
from mathbench.dataset.shard import Progress
from mathbench.dataset.split_audit import SplitAudit
from mathbench.errors import CheckFailed, InputError, shown
from mathbench.parameters import check_flag, check_integer
from mathbench.storage import location
from mathbench.task import EXCLUDING_SPLITS

SAMPLE = 1000


@dataclass(frozen=True)
class VerifyOptions:
    """How much of a dataset is verified.

    Args:
        sample: random rows per split that are regenerated and solved independently, besides the first and the last.
        read_all: read every byte and compare all digests; otherwise only the row groups of the sample.
        regenerate_all: regenerate every row, not only the sample.
        seed: the seed of the sample.
    """

    sample: int = SAMPLE
    read_all: bool = True
    regenerate_all: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "sample", check_integer("sample", self.sample, 1))
        object.__setattr__(self, "seed", check_integer("seed", self.seed, 0))
        check_flag("read_all", self.read_all)
        check_flag("regenerate_all", self.regenerate_all)

    def sample_rows(self, total: int) -> NDArray[np.int64]:
        """The sampled rows of a split of `total` rows, ascending."""
        if self.sample >= total:
            return np.arange(total)
        chosen = np.random.default_rng(self.seed).choice(total, self.sample, replace=False, shuffle=False)
        return np.unique(np.concatenate([[0, total - 1], chosen]))

    def row_count(self, total: int) -> int:
        """The number of rows of a split that count as progress."""
        return total if self.read_all else len(self.sample_rows(total))


def make_options(
    sample: int | None = None, all_rows: bool = False, sample_seed: int | None = None
) -> VerifyOptions:
    """Return the options of what a user asks for.

    Args:
        sample: read and regenerate only this number of random rows per split; None: read every byte, and regenerate
            `SAMPLE` rows.
        all_rows: regenerate every row.
        sample_seed: the seed of the choice of random rows; None: a random one.

    Raises:
        InputError: for a sample and all rows, or values that are not allowed.
    """
    if check_flag("all_rows", all_rows) and sample is not None:
        raise InputError("give either a sample (--sample N) or all rows (--all), not both.")
    return VerifyOptions(
        SAMPLE if sample is None else sample,
        read_all=sample is None,
        regenerate_all=all_rows,
        seed=secrets.randbelow(10**6) if sample_seed is None else sample_seed,
    )


def verify(
    dataset: Dataset, options: VerifyOptions | None = None, progress: Progress = lambda rows: None
) -> Iterator[CheckResult]:
    """Verify a dataset, one check after another.

    Args:
        dataset: a finished dataset.
        options: how much to verify.
        progress: called with the number of rows processed since its last call.

    Raises:
        InputError: when the independent solver of a task needs an extra that is not installed.
    """
    if not isinstance(dataset, Dataset):
        raise InputError(f"a dataset must be opened by `open_dataset`. Received: {shown(dataset)}.")
    for config in dataset.manifest.configs:
        config.task.require_solver()
    files = _files_of(dataset)
    for config in dataset.manifest.configs:
        yield _check_files(config, files.get(config.name, set()))
        if not config.task.generated:
            yield from check_imported(dataset.folder, dataset.manifest, config, progress)
            continue
        splits = list(config.spec()["sizes"])
        if config.task.exclude:
            check = _check_excluded(dataset, config)
            yield check
            # rows cannot be regenerated without the list
            splits = [split for split in splits if check.passed or split not in EXCLUDING_SPLITS]
        for split in splits:
            yield from _check_split(dataset, config, split, options or VerifyOptions(), progress)


def _files_of(dataset: Dataset) -> dict[str, set[str]]:
    """The data files in the folder by configuration; those of none count as files of the first."""
    names, version = list(dataset.configs), dataset.manifest.layout
    found: dict[str, set[str]] = {}
    for file in location.files(dataset.folder):
        config = layout.config_of(version, file)
        if config is not None and (config in names or version > 1):
            found.setdefault(config if config in names else names[0], set()).add(file)
    return found


def _check_files(config: Config, found: set[str]) -> CheckResult:
    """Check for missing and for additional files; `datasets` would read the latter too."""
    expected = {shard.file for shard in config.shards()}
    wrong = [f"{name} is missing" for name in sorted(expected - found)]
    wrong += [f"{name} is not part of the dataset" for name in sorted(found - expected)]
    detail = wrong[0] if wrong else f"{len(expected)} file(s)"
    return CheckResult(config.name, "", "files", not wrong, detail)


def _check_excluded(dataset: Dataset, config: Config) -> CheckResult:
    """Check that the list of excluded problems is there and has the digest of the configuration."""
    what = "excluded problems"
    try:
        found = exclusions.read(dataset.folder, config.task.exclude)
    except CheckFailed as error:
        return CheckResult(config.name, "", what, False, str(error))
    return CheckResult(
        config.name, "", what, True, f"{found.count:,} problems in {exclusions.file_name(found)}"
    )


def _check_split(
    dataset: Dataset, config: Config, split: str, options: VerifyOptions, progress: Progress
) -> Iterator[CheckResult]:
    """Read the files of a split once, one row group at a time, and check their content and rows."""
    shards = config.shards_of(split)
    sample = options.sample_rows(shards[-1].stop)
    audit = SplitAudit(config.rows(split), sample, options.regenerate_all)
    check = _check_all if options.read_all else _check_sample
    failures = [check(audit, dataset, shard, progress) for shard in shards]
    failure = next(filter(None, failures), "")
    what = "content digests" if options.read_all else "digests in the footers"
    yield CheckResult(config.name, split, what, not failure, failure or f"{len(shards)} file(s)")
    chosen = "" if len(sample) == shards[-1].stop else f", chosen by seed {options.seed}"
    for what, (passed, detail) in audit.results(chosen).items():
        yield CheckResult(config.name, split, what, passed, detail)
    if options.read_all and config.task.balanced_labels:
        yield CheckResult(config.name, split, "labels balanced", *audit.label_balance())


def _check_all(audit: SplitAudit, dataset: Dataset, shard: Shard, progress: Progress) -> str:
    """Read a complete file; return the first difference from the manifest."""

    def visit(first: int, table: pa.Table) -> None:
        audit.check_table(table, shard.start + first, shard.file)
        progress(table.num_rows)

    try:
        found = shard_reader.read_content(dataset.folder / shard.file, visit)
    except CheckFailed as error:
        return str(error)
    return shard_reader.content_difference(shard.file, found, dataset.manifest.contents[shard.file])


def _check_sample(audit: SplitAudit, dataset: Dataset, shard: Shard, progress: Progress) -> str:
    """Read the row groups of a file that contain the sample; return how the footer differs from the manifest."""
    path, content = dataset.folder / shard.file, dataset.manifest.contents[shard.file]
    sample = audit.sample_within(shard.start, shard.stop) - shard.start
    if not len(sample):
        return ""
    try:
        footer = shard_reader.footer(path, audit.rows)
        for first, table in shard_reader.row_groups(path, containing=sample):
            progress(audit.check_table(table, shard.start + first, shard.file))
    except CheckFailed as error:
        return str(error)
    stated = (content.rows, content.digest)
    return "" if footer == stated else f"{shard.file}: its footer states {footer}, the manifest {stated}"
