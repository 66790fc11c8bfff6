"""Check the files of a folder board as far as that goes without predictions."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from mathbench.errors import InputError
from mathbench.leaderboard.checker import differences
from mathbench.leaderboard.folder import file_name, paths_of, read_file
from mathbench.leaderboard.kept import Kept
from mathbench.leaderboard.scoring import Scored, solve, truth_of
from mathbench.leaderboard.submission import Manifest
from mathbench.leaderboard.verify import Finding
from mathbench.metrics import Score

CHECKED = "schema, task and seed, digests, file names, rows per stratum, intervals, the exact solver, claimed scores"
UNCHECKED = (
    "the scores themselves (a folder holds no predictions), who submitted and when, "
    "and the badges re-scored and reproduced"
)


def verify_folder(folder: Path) -> tuple[int, list[Finding]]:
    """Check every file.

    Returns:
        How many there are, and what does not hold.
    """
    paths = paths_of(folder)
    findings: list[Finding] = []
    digests: Counter[str] = Counter()
    for path in paths:
        try:
            entry = read_file(path)
        except InputError as error:
            findings.append(Finding(path.name, "", "", str(error).removeprefix(f"{path}: ")))
            continue
        digests[entry.digest] += 1
        model, task = entry.facts.model, entry.facts.task["name"]
        findings += [Finding(path.name, model, task, problem) for problem in _problems(entry, path)]
    twice = [digest for digest, n in digests.items() if n > 1]
    findings += [Finding(digest[:8], "", "", "this submission has more than one file") for digest in twice]
    return len(paths), findings


def _problems(entry: Kept, path: Path) -> Iterator[str]:
    manifest = Manifest(entry.manifest)
    told = hashlib.sha256((manifest.digest + entry.predictions_digest).encode()).hexdigest()
    if told != entry.digest:
        yield "its manifest or predictions_digest is not the one that was submitted"
    # a share or an interval is not read from a file, so what stands there must be what the counts give
    if entry.to_json() != {"attempts": 1, **json.loads(path.read_bytes())}:
        yield "its shares or intervals are not those of its counts"
    if path.name != file_name(entry):
        yield f"its name should be {file_name(entry)}"
    for split, scored in entry.checked.scores.items():
        try:
            yield from _of_split(entry, manifest, split, scored)
        except InputError as error:
            yield f"{split}: cannot be made again: {error}"
    if sorted(differences(manifest, entry.checked.scores)) != sorted(entry.checked.differences):
        yield "its differences are not those between the claimed and the kept scores"


def _of_split(entry: Kept, manifest: Manifest, split: str, scored: Scored) -> Iterator[str]:
    """The rows of a split are made again: how many each stratum has is known, and what the solver gets."""
    if scored.total.n != manifest.sizes.get(split):
        yield f"{split}: n is not the rows that the manifest gives it"
        return
    truth = truth_of(manifest.task.plain, manifest.seed, split, scored.total.n)
    asked = Counter(truth["stratum"].to_pylist())
    if {name: count.n for name, count in scored.strata.items()} != dict(asked):
        yield f"{split}: n of its strata is not how many rows they have"
    if sum(count.correct for count in scored.strata.values()) != scored.total.correct:
        yield f"{split}: its strata do not add up"
    if entry.checked.solver.get(split, Score(1, 0)) != solve(manifest.task.plain, truth):
        yield f"{split}: the exact solver gets something else"
