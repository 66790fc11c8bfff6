"""Verification: is a dataset whole and what its manifest says, are its answers right and its splits apart?

Rows are made anew and compared; answers and reserves are checked from the text of each question by plain
Python that shares nothing with the generators (`Task.oracle`, `Task.operands_of`, `reserve.fingerprint`).
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fnmatch import fnmatch

import numpy as np
from numpy.typing import NDArray

from mathbench.dataset import shard
from mathbench.dataset.manifest import Config, Shard, ShardContent
from mathbench.dataset.shard import Progress
from mathbench.dataset.split_audit import SplitAudit
from mathbench.dataset.write import SHARDS, Dataset
from mathbench.errors import CheckFailed
from mathbench.rows import open_rows
from mathbench.storage import location

SAMPLE = 1000


@dataclass(frozen=True)
class CheckResult:
    """One thing that was checked.

    Attributes:
        config, split: where; no split for what concerns the whole configuration.
        what: what was checked, in words.
        passed: whether it held.
        detail: how much was checked, or the first thing that did not hold.
    """

    config: str
    split: str
    what: str
    passed: bool
    detail: str


@dataclass(frozen=True)
class VerifyOptions:
    """How much of a dataset is looked at.

    Args:
        sample: random rows per split that are made anew and solved independently; the first and the last come along.
        read_all: read every byte and compare all digests; otherwise only the row groups of these rows.
        make_all: make every row anew, not only these.
        seed: of the choice of rows.
    """

    sample: int = SAMPLE
    read_all: bool = True
    make_all: bool = False
    seed: int = 0

    def picked(self, total: int) -> NDArray[np.int64]:
        """The random rows of a split, ascending."""
        if self.sample >= total:
            return np.arange(total)
        chosen = np.random.default_rng(self.seed).choice(total, self.sample, replace=False, shuffle=False)
        return np.unique(np.concatenate([[0, total - 1], chosen]))

    def work(self, total: int) -> int:
        """How many rows of a split are worked through."""
        return total if self.read_all else len(self.picked(total))


def verify(
    dataset: Dataset, depth: VerifyOptions | None = None, progress: Progress = lambda rows: None
) -> Iterator[CheckResult]:
    """Check a dataset, one check after another.

    Args:
        dataset: a finished dataset.
        depth: how much to look at.
        progress: called with the number of rows worked through since its last call.
    """
    there = location.files(dataset.folder)
    for config in dataset.manifest.configs:
        yield _files(config, there)
        for split in config.spec()["sizes"]:
            yield from _split(dataset, config, split, depth or VerifyOptions(), progress)


def _files(config: Config, there: list[str]) -> CheckResult:
    """Whether there are just the files of a configuration; `datasets` would read any other beside them."""
    requested = {part.file for part in config.shards()}
    found = {name for name in there if name.startswith(f"{config.name}/") and fnmatch(name, SHARDS)}
    wrong = [f"{name} is missing" for name in sorted(requested - found)]
    wrong += [f"{name} does not belong there" for name in sorted(found - requested)]
    return CheckResult(
        config.name, "", "files", not wrong, wrong[0] if wrong else f"{len(requested)} file(s)"
    )


def _split(
    dataset: Dataset, config: Config, split: str, depth: VerifyOptions, progress: Progress
) -> Iterator[CheckResult]:
    """Read the files of a split once, a row group at a time, and check what comes by."""
    parts = [part for part in config.shards() if part.split == split]
    picked = depth.picked(parts[-1].stop)
    audit = SplitAudit(open_rows(config.task, split, config.seed), picked, depth.make_all)
    look = _read_all if depth.read_all else _read_some
    broken = [look(audit, dataset, part, progress) for part in parts]
    wrong = next(filter(None, broken), "")
    what = "content digests" if depth.read_all else "digests in the footers"
    yield CheckResult(config.name, split, what, not wrong, wrong or f"{len(parts)} file(s)")
    chosen = "" if len(picked) == parts[-1].stop else f", chosen by seed {depth.seed}"
    for what, (passed, detail) in audit.results(chosen).items():
        yield CheckResult(config.name, split, what, passed, detail)
    if depth.read_all and config.task.recognition:
        yield CheckResult(config.name, split, "labels balanced", *audit.balanced())


def _read_all(audit: SplitAudit, dataset: Dataset, part: Shard, progress: Progress) -> str:
    """Read a whole file; the first thing that is not as the manifest states."""
    path, tally = dataset.folder / part.file, shard.ContentCounter()
    try:
        with location.local_copy(path) as (source, sha256):
            for first, table in shard.row_groups(path, source):
                audit.take(table, part.start + first, part.file)
                tally.take(table)
                progress(table.num_rows)
    except CheckFailed as error:
        return str(error)
    return _unlike(part.file, tally.content(sha256), dataset.manifest.contents[part.file])


def _unlike(file: str, found: ShardContent, stated: ShardContent) -> str:
    """The first figure of a file that the manifest states otherwise."""
    for name, value in asdict(stated).items():
        if value != (here := getattr(found, name)) and (name, value) != ("sha256", ""):
            what = "other bytes of the same rows" if name == "sha256" else f"{name} {here}"
            return f"{file}: {what}; the manifest states {value}"
    return ""


def _read_some(audit: SplitAudit, dataset: Dataset, part: Shard, progress: Progress) -> str:
    """Read the row groups of a file that hold picked rows; what its footer states otherwise than the manifest."""
    path, stated = dataset.folder / part.file, dataset.manifest.contents[part.file]
    needed = audit.within(part.start, part.stop) - part.start
    if not len(needed):
        return ""
    try:
        said = shard.footer(path, audit.rows.task)
        for first, table in shard.row_groups(path, holding=needed):
            progress(audit.take(table, part.start + first, part.file))
    except CheckFailed as error:
        return str(error)
    same = said == (stated.rows, stated.digest)
    return (
        "" if same else f"{part.file}: its footer states {said}, the manifest {(stated.rows, stated.digest)}"
    )
