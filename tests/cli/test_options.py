"""Names that are derived from the commands' signatures: options, and those allowed with --from."""

from mathbench.cli.datasets import generate
from mathbench.cli.options import extend_safe, known_options, repeat_safe
from mathbench.cli.predict import score
from mathbench.cli.run import run_baseline

GENERATE = (
    *("task", "suite", "seed", "train", "validation", "interpolate", "extrapolate", "out", "name", "force"),
    *("strict", "ids"),
    *("workers", "engine", "address", "shard", "dry-run", "json"),
)
RUN_BASELINE = (
    *("task", "data", "config", "recipe", "framework", "set", "seed", "data-seed", "budget", "out", "resume"),
    *("force", "device", "threads", "train", "validation", "interpolate", "extrapolate", "submit", "json"),
    *("dry-run", "devices", "from", "online", "long", "sweep", "seeds", "trials", "prune", "plots", "track"),
    *("extend", "cpu-budget", "samples"),
    *("url", "extract", "limit", "workers", "engine", "address"),
)
SCORE = ("task", "data", "config", "data-seed", "validation", "interpolate", "extrapolate", "extract", "json")
# these decide nothing about the rows and the weights, or say where to compute
REPEAT_SAFE = (
    *("source", "out_dir", "resume", "force", "device", "devices", "threads", "submit", "plots", "track"),
    *("json", "dry_run", "samples"),
)
EXTEND_SAFE = (*REPEAT_SAFE[1:], "extend", "settings", "budget", "cpu_budget", "long")


def test_the_options_of_a_command_are_read_from_its_signature():
    for command, expected in ((generate, GENERATE), (run_baseline, RUN_BASELINE), (score, SCORE)):
        assert sorted(known_options(command)) == sorted(expected)


def test_the_options_allowed_with_from_and_extend_are_marked():
    assert sorted(repeat_safe(run_baseline)) == sorted(REPEAT_SAFE)
    assert sorted(extend_safe(run_baseline)) == sorted(EXTEND_SAFE)
