"""A folder with one of everything that a command takes, and stand-ins for what a test must not start."""

import functools
import json
import os
import shutil
import socket

import typer.main

from mathbench.engine.local import Local
from mathbench.errors import InputError
from mathbench.leaderboard.ranking.render import MARKS
from tests.commands import run

SIZES = ("--train", 30, "--validation", 8, "--interpolate", 8, "--extrapolate", 8)
SUITE = 'name = "mine"\n[sizes]\ntrain = 5\nvalidation = 2\ninterpolate = 2\nextrapolate = 2\n[[tasks]]\ntask = "gcd"\n'
RECIPE = 'baseline = "mlp"\n[task]\nname = "addition"\n[sizes]\ntrain = 30\nvalidation = 8\n'
SEASON = 'name = "mine"\n[rows]\ninterpolate = 5\n[[tasks]]\ntask = "gcd-v1"\ndigits = 2\n'
# gcd, and the tasks that the study five-minutes names
CORE_SEASON = """
name = "core-1"
[rows]
interpolate = 3
extrapolate = 2
[[tasks]]
name = "sums"
group = "operations"
task = "addition-v1"
digits = 5
[[tasks]]
name = "gcd"
group = "more"
task = "gcd-v1"
[[tasks]]
name = "even-base3"
group = "categories"
task = "divisible-v2"
k = 2
base = 3
digits = 12
[[tasks]]
name = "multiples-of-3"
group = "categories"
task = "divisible-v2"
k = 3
digits = 7
[[tasks]]
name = "multiples-of-7"
group = "categories"
task = "divisible-v2"
k = 7
digits = 7
[[tasks]]
name = "right-sums"
group = "categories"
task = "correct-addition-v2"
digits = 4
"""
STUDY = """
name = "tiny"
seeds = 2
[sizes]
train = 20
validation = 5
interpolate = 5
extrapolate = 5
[[tasks]]
name = "gcds"
task = "gcd"
digits = 2
[[learners]]
baseline = ["constant", "exact-solver"]
"""
NETWORKS = """
[[learners]]
baseline = "mlp"
supervision = "aligned"
"""
BASELINE = """
class Zero:
    def __init__(self, task):
        pass

    @classmethod
    def fit(cls, task, train, validation):
        return cls(task)

    def predict(self, questions):
        return ["0"] * len(questions)

    def state(self):
        return {}
"""


def build(folder):
    """Fill a folder; return the digests of the submissions on its board."""

    def made(*words):
        done = run(*words, cwd=folder)
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout

    made("generate", "--task", "gcd", *SIZES, "--out", "data")
    made("generate", "--task", "gcd", *SIZES, "--out", "part", "--shard", "1/2")
    for name in ("constant", "exact-solver"):
        made("run-baseline", name, "--data", "data", "--no-submit", "--out", name)
        made("submit", name, "--name", f"my-{name}", "--board", "board.sqlite")
    made("predict", "constant", "--data", "data", "--out", "predictions.parquet")
    made("leaderboard", "export", "--board", "board.sqlite", "--format", "json", "--out", "results")
    (folder / "page.md").write_text("\n".join(MARKS) + "\n")
    (folder / "suite.toml").write_text(SUITE)
    (folder / "recipe.toml").write_text(RECIPE)
    (folder / "season.toml").write_text(SEASON)
    (folder / "study.toml").write_text(STUDY)
    (folder / "networks.toml").write_text(STUDY + NETWORKS)
    (folder / "mine.py").write_text(BASELINE)
    (folder / "weights").write_bytes(b"1")
    (folder / "token").write_text("secret\n")
    (folder / "empty").mkdir()
    (folder / "README.md").write_text("a file\n")
    (folder / "exam.csv").write_text("question,answer,split\n1+1?,2,train\n2+2?,4,test\n")
    (folder / "exam.jsonl").write_text('{"question": "1+1?", "answer": 2, "split": "train"}\n')
    opened = ("--task", "gcd", "--closes", "1h", "--interpolate", 2, "--extrapolate", 0, "--secret", "key")
    made("leaderboard", "round", "open", "round", *opened)
    entry = ("--weights", "weights", "--model", "m", "--out", "q.jsonl", "--secret", "key")
    made("leaderboard", "round", "challenge", "round", *entry)
    questions = (folder / "q.jsonl").read_text().splitlines()
    answers = [{**json.loads(line), "prediction": "1"} for line in questions]
    (folder / "answers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in answers))
    tables = json.loads(made("leaderboard", "show", "--board", "board.sqlite", "--json"))["tables"]
    return sorted({digest for table in tables for line in table["lines"] for digest in line["submissions"]})


def shorten_season(patch, folder):
    """Put a season of thirty questions in place of the one that comes with mathbench, which has 128,000."""
    from mathbench.leaderboard.seasons import files, references
    from mathbench.leaderboard.store import any_board, board

    (folder / files.FOLDER).mkdir(parents=True)
    (folder / files.FOLDER / "core-1.toml").write_text(CORE_SEASON)
    seasons = tuple(references.seasons_in(folder))
    for module in (files, references):
        patch.setattr(module, "builtin_folder", lambda name: folder)
    for module in (references, any_board, board):
        patch.setattr(module, "builtin_seasons", lambda: seasons)


def stand_in(patch, home):
    """Replace what a test must not start: training, studies, servers, clusters, processes, the network.

    The user's own folders move to `home`.
    """
    import mathbench.baselines.distributed
    import mathbench.baselines.jobs.run_job
    import mathbench.baselines.run
    import mathbench.cli.sweep
    import mathbench.engine.processes
    import mathbench.engine.ray
    import mathbench.interop.tables
    import mathbench.leaderboard.client
    import mathbench.leaderboard.reproduce
    import mathbench.leaderboard.server.serve
    import mathbench.studies.estimate
    import mathbench.studies.run_study

    real = mathbench.baselines.run.run

    def only_shortcuts(spec, data, options):
        if spec.trained:
            raise InputError("stand-in: nothing is trained in this test.")
        return real(spec, data, options)

    def of_shortcuts(start):
        """Refuse studies with networks before anything of them is run."""

        def checked(plan, *more):
            if any(job.make_spec().trained for job in plan.jobs()):
                raise InputError("stand-in: no study is run in this test.")
            return start(plan, *more)

        return checked

    def refused(*_, **__):
        raise InputError("stand-in: nothing is started in this test.")

    # built once, not for every command line
    patch.setattr(typer.main, "get_command", functools.cache(typer.main.get_command))
    patch.setattr(mathbench.baselines.run, "run", only_shortcuts)
    patch.setattr(mathbench.baselines.jobs.run_job, "run", only_shortcuts)
    patch.setattr(mathbench.leaderboard.reproduce, "run", only_shortcuts)
    for module, name in (
        (mathbench.studies.run_study, "run_study"),
        (mathbench.studies.run_study, "discard_changed"),
        (mathbench.studies.estimate, "estimate"),
    ):
        patch.setattr(module, name, of_shortcuts(getattr(module, name)))
    patch.setattr(mathbench.cli.sweep._SweepRunner, "run", refused)
    patch.setattr(mathbench.baselines.distributed, "launch_torchrun", refused)
    patch.setattr(mathbench.engine.processes, "Processes", _OneProcess)
    patch.setattr(mathbench.engine.ray, "Ray", refused)
    patch.setattr(mathbench.interop.tables, "_load", refused)
    patch.setattr(mathbench.leaderboard.client, "PAUSE", 0)
    patch.setattr(mathbench.leaderboard.server.serve, "serve", lambda *_: None)
    patch.setattr(socket, "getaddrinfo", _no_names(socket.getaddrinfo))
    patch.setenv("HOME", str(home))
    patch.setenv("XDG_DATA_HOME", str(home / "share"))
    patch.delenv("MATHBENCH_BOARD", raising=False)
    patch.delenv("MATHBENCH_TOKEN", raising=False)
    patch.delenv("MATHBENCH_IMPORTED", raising=False)


class _OneProcess(Local):
    """In place of several processes, this one."""

    def __init__(self, workers):
        super().__init__()

    def start(self, module):
        """Start nothing."""


def _no_names(real):
    """Look up addresses of this machine only."""

    def lookup(host, *more, **named):
        if host in ("127.0.0.1", "localhost"):
            return real(host, *more, **named)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    return lookup


def snapshot(folder):
    """Return every file and folder below a folder, with what changes when it is written."""
    found = {}
    for place, folders, files in os.walk(folder):
        for name in folders:
            found[os.path.relpath(os.path.join(place, name), folder)] = None
        for name in files:
            path = os.path.join(place, name)
            stat = os.stat(path)
            found[os.path.relpath(path, folder)] = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
    return found


def restore(template, folder):
    """Make a folder equal to its template again."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(template, folder)
