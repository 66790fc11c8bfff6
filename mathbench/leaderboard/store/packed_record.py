"""The file of a submission in a folder board: a record of schema version 2, much shorter than one of version 1.

Shares and intervals follow from n and correct, so that a score is stored as the list ``[n, correct]``. Where a split
has other values too, the list is its key `counts`. A split whose recomputed score is the one that the manifest claims
is the words `as claimed`. Reading gives the record of version 1 again, to the bit: the id of a submission is a digest
of its manifest, with all shares and intervals in it.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from mathbench.errors import InputError
from mathbench.leaderboard.submission import canonical_json
from mathbench.scores.results import Score
from mathbench.scores.schema import SCORE
from mathbench.scores.schema_types import INT64

PACKED = 2  # schema version
COUNTS = "counts"
AS_CLAIMED = "as claimed"
_DEPTH = 2  # keys of the record and of its manifest have a line each
# where a manifest has scores: per split, per shortcut and split, or per length
_SCORES = ("scores", "ceiling", "floors", "long")


def pack(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record of version 1 in its shortest form, which `unpack` reads.

    >>> solved = {"interpolate": Score(200, 200).to_json()}
    >>> record = {"schema_version": 1, "scores": solved, "solver": solved, "manifest": {"scores": solved}}
    >>> pack(record)["scores"], pack(record)["manifest"]
    ({'interpolate': 'as claimed'}, {'scores': {'interpolate': [200, 200]}})
    >>> unpack(pack(record)) == record
    True
    """
    claimed = _claimed(record["manifest"])
    scores = {split: _pack_score(score, claimed.get(split)) for split, score in record["scores"].items()}
    packed = {
        **record,
        "schema_version": PACKED,
        "scores": scores,
        "solver": _pack_scores(record["solver"]),
        "manifest": _with_scores(record["manifest"], _pack_scores),
    }
    # names that strangers choose may look like a packed score
    return packed if canonical_json(unpack(packed)) == canonical_json(record) else dict(record)


def unpack(document: Any) -> Any:
    """Return the record of version 1 that is stored in a file; anything else is returned as it is.

    Raises:
        InputError: for a version that is not known here.
    """
    version = document.get("schema_version") if isinstance(document, dict) else None
    if isinstance(version, int) and version > PACKED:
        raise InputError(
            f"the file has schema_version {version}; this version of mathbench reads 1 to {PACKED}."
        )
    if version != PACKED:
        return document
    manifest = _with_scores(document.get("manifest"), _unpack_scores)
    unpacked = {
        "schema_version": 1,
        "scores": _unpack_own(document.get("scores"), _claimed(manifest)),
        "solver": _unpack_scores(document.get("solver")),
        "manifest": manifest,
    }
    # a missing key stays missing
    return {name: unpacked.get(name, value) for name, value in document.items()}


def to_text(document: Mapping[str, Any]) -> str:
    """Return a record as JSON with a line for each of its keys and of the keys of its manifest.

    >>> print(to_text({"b": [1, 2], "a": {"d": {"e": None}}}), end="")
    {
    "a":{
    "d":{"e":null}
    },
    "b":[1,2]
    }
    """
    return _text(document, _DEPTH) + "\n"


def _text(value: Any, depth: int) -> str:
    if not (depth and value and isinstance(value, Mapping)):
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    lines = (f"{json.dumps(key)}:{_text(value[key], depth - 1)}" for key in sorted(value))
    return "{\n" + ",\n".join(lines) + "\n}"


def _with_scores(manifest: Any, convert: Callable[[Any], Any]) -> Any:
    """Return a manifest whose scores are converted."""
    if not isinstance(manifest, dict):
        return manifest
    found = {name: convert(value) if name in _SCORES else value for name, value in manifest.items()}
    if isinstance(evaluation := manifest.get("evaluation"), dict) and "scores" in evaluation:
        found["evaluation"] = {**evaluation, "scores": convert(evaluation["scores"])}
    return found


def _claimed(manifest: Any) -> Mapping[str, Any]:
    """Return what a manifest claims, per split, as a board recomputes it."""
    evaluated = manifest.get("evaluation", manifest) if isinstance(manifest, dict) else None
    scores = evaluated.get("scores") if isinstance(evaluated, dict) else None
    if not isinstance(scores, dict):
        return {}
    kept = (*SCORE.fields, "strata")
    return {
        split: {name: score[name] for name in kept if name in score}
        for split, score in scores.items()
        if isinstance(score, dict)
    }


def _pack_score(score: Any, claimed: Any) -> Any:
    """Pack the recomputed score of a split, of which the manifest claims something or nothing."""
    return AS_CLAIMED if claimed and canonical_json(score) == canonical_json(claimed) else _pack_scores(score)


def _unpack_own(scores: Any, claimed: Mapping[str, Any]) -> Any:
    """Unpack the recomputed scores."""
    if not isinstance(scores, dict):
        return scores
    return {
        split: claimed[split] if score == AS_CLAIMED and split in claimed else _unpack_scores(score)
        for split, score in scores.items()
    }


def _pack_scores(value: Any) -> Any:
    """Pack every score in a value."""
    if not isinstance(value, dict):
        return value
    rest = {name: _pack_scores(inner) for name, inner in value.items()}
    counts: list[Any] = [value.get("n"), value.get("correct")]
    if not _are_counts(counts):
        return rest
    follows = Score(*counts).to_json()
    if canonical_json({name: value.get(name) for name in follows}) != canonical_json(follows):
        return rest
    others = {name: inner for name, inner in rest.items() if name not in follows}
    return {COUNTS: counts, **others} if others else counts


def _unpack_scores(value: Any) -> Any:
    """Unpack every score in a value; what is no packed score stays, and fails where the schema is checked."""
    if _are_counts(value):
        return Score(*value).to_json()
    if not isinstance(value, dict):
        return value
    if not _are_counts(value.get(COUNTS)):
        return {name: _unpack_scores(inner) for name, inner in value.items()}
    others = {name: _unpack_scores(inner) for name, inner in value.items() if name != COUNTS}
    return {**Score(*value[COUNTS]).to_json(), **others}


def _are_counts(value: Any) -> bool:
    """Whether a value is the list of the number of rows, and of the right ones among them."""
    if not (isinstance(value, list) and [type(number) for number in value] == [int, int]):
        return False
    n, correct = value
    return 0 <= correct <= n and 1 <= n <= INT64
