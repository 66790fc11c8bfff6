"""The schemas of scores, of tasks, of a run's result.json and of a dataset's manifest.json.

Parsing, the files on disk, the database of a board and the OpenAPI document of the server derive from them.
"""

from mathbench.dataset.layout import LAYOUTS
from mathbench.dataset.manifest import SHARD_ROWS
from mathbench.reserve import SPLITS
from mathbench.rows import OPTIONAL_COLUMNS
from mathbench.scores.schema_types import (
    INT64,
    OBJECT,
    SCALAR,
    Boolean,
    Choice,
    CountRecord,
    Integer,
    ListOf,
    MapOf,
    Null,
    Number,
    OneOf,
    Record,
    Text,
    nullable,
)

SEED = OneOf((Integer(-INT64 - 1, 2 * INT64 + 1), Text(200)))
SHARE = Number(0, 1)
COMMAND = Text(10_000, empty=True, lines=True)
DIGEST = Text(64, "[0-9a-f]{64}")
SHA256 = Text(71, "(sha256:)?[0-9a-f]{64}")
TIME = Text(20, r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")

COUNTS = CountRecord({"n": Integer(1), "correct": Integer()})
SCORE = CountRecord({**COUNTS.fields, "exact_match": SHARE, "low": SHARE, "high": SHARE})
# a split as a board recomputes it
RESCORED_SPLIT = CountRecord({**SCORE.fields, "strata": MapOf(SCORE)})

# scores as files may have them: runs also compute the share of right characters, and scratchpads that of right steps
FILED_SCORE = CountRecord(SCORE.fields, {"characters": nullable(SHARE)})
SPLIT_SCORE = CountRecord(
    SCORE.fields, {**FILED_SCORE.optional, "steps": FILED_SCORE, "strata": MapOf(FILED_SCORE)}
)

TASK = Record({"id": Text(100), "name": Text(), "parameters": MapOf(SCALAR)})

# what training gives away beyond the answers, see `mathbench.baselines.spec.RunSpec.supervision`
_TRAINED = ("examples", "dense", "aligned", "aligned+dense")
SUPERVISION = (*_TRAINED, *(f"{given}+self" for given in _TRAINED), "prompted")

DATA = Record({"seed": SEED, "sizes": MapOf(Integer(), SPLITS)})
# other rows than those of a run's own data, which it answered later
EVALUATION = Record(
    {
        "season": nullable(Text(40)),
        "task": TASK,
        "data": DATA,
        "scores": MapOf(SPLIT_SCORE, SPLITS),
        "predictions_sha256": SHA256,
    }
)

# one validation of a training, and the first one that reached a share
VALIDATION = Record(
    {"step": Integer(), "validation": SHARE},
    {"loss": Number(), **{name: Number(0, 1e15) for name in ("rate", "cpu_s", "wall_s")}},
)
REACHED = Record({"step": Integer()}, {"cpu_s": Number(0, 1e15), "wall_s": Number(0, 1e15)})
# a run that an extended run goes on from
PHASE = Record({"steps": Integer(1)}, {"settings": OBJECT})

RESULT = Record(
    {
        "schema_version": Integer(1, 1),
        "id": Text(),
        "baseline": Text(),
        "framework": nullable(Text(50)),
        "recipe": OBJECT,
        "encoding": OBJECT,
        "task": TASK,
        "data": Record({**DATA.fields, "digest": nullable(Text())}),
        "seed": SEED,
        "command": OneOf((COMMAND, ListOf(COMMAND), Null())),
        "commit": nullable(Text(100, empty=True)),
        "dirty": nullable(Boolean()),
        "versions": OBJECT,
        "hardware": OBJECT,
        "parameters": nullable(Integer()),
        "timings": OBJECT,
        "best": nullable(OBJECT),
        "scores": MapOf(SPLIT_SCORE, SPLITS),
        "floors": MapOf(MapOf(SPLIT_SCORE, SPLITS)),
        "ceiling": MapOf(SPLIT_SCORE, SPLITS),
        "predictions_sha256": SHA256,
    },
    {
        "supervision": Choice(SUPERVISION),
        "long": MapOf(FILED_SCORE),
        "certificate": Record(
            {"claim": Text(500), "sha256": SHA256}, {"weights": Choice(("as trained", "fine-tuned"))}
        ),
        "asked": OBJECT,
        "history": ListOf(VALIDATION, 1_000),
        "reached": MapOf(REACHED, ("0.9", "0.99", "0.999")),
        "extended": ListOf(PHASE, 1_000),
        "weights": Record({"trained": Integer(), "fixed_by_hand": ListOf(Text(500))}),
        "tournament": OBJECT,
        "generations": ListOf(OBJECT, 1_000),
        "budget": Record({}, {"wall_s": Number(0, 1e15), "cpu_s": Number(0, 1e15)}),
        # the name of the model on a board, where it is not that of the baseline
        "name": Text(100),
        "evaluation": EVALUATION,
    },
)

# manifest.json of a dataset; `mathbench.dataset.manifest.read` also compares names, rows and digests with each other
CONTENT_DIGEST = Text(71, "sha256:[0-9a-f]{64}")
_MAX_FILES = 100_000
_SHARD = Record(
    {
        "rows": Integer(1, SHARD_ROWS),
        "digest": CONTENT_DIGEST,
        "strata": MapOf(Integer(1), max_keys=SHARD_ROWS),
    },
    # empty in a dataset of mathbench 0.1 that was completed later
    {"sha256": Text(64, "([0-9a-f]{64})?", empty=True)},
)
_CONFIG = Record(
    {
        "task": Text(100),
        "parameters": TASK.fields["parameters"],
        "seed": SEED,
        "sizes": MapOf(Integer(1), SPLITS),
        "digest": CONTENT_DIGEST,
        "files": MapOf(_SHARD, max_keys=_MAX_FILES),
    },
    {
        "columns": ListOf(Choice(tuple(OPTIONAL_COLUMNS))),
        "excluded": Record({"file": Text(), "problems": Integer(1)}),
        # the source of imported data, and what its splits share
        "imported": OBJECT,
    },
)
DATASET = Record(
    {
        "schema_version": Integer(min(LAYOUTS), max(LAYOUTS)),
        "mathbench": Text(50),
        "shard_rows": Integer(SHARD_ROWS, SHARD_ROWS),
        "configs": MapOf(_CONFIG),
    }
)
