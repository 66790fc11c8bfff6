"""The generators that mathbench is measured beside, each run in a Python of its own.

reasoning-gym and DeepMind's mathematics_dataset need versions of their own libraries; `scripts/bench` makes an
environment for each. A peer is asked for questions with answers, one after the other, as its users do.
"""

import json
import subprocess
from dataclasses import dataclass
from typing import Any

SECONDS = 4.0  # how long a generator is asked for questions
MOST = 20_000

# reasoning-gym's nearest generator to each task, and its settings; none checks a statement or a multiple of k.
GYM: dict[str, tuple[str, dict[str, Any]]] = {
    "addition": ("chain_sum", {"min_terms": 2, "max_terms": 2, "max_digits": 3}),
    "addition-digits6": ("chain_sum", {"min_terms": 2, "max_terms": 2, "max_digits": 6}),
    "subtraction": ("chain_sum", {"min_terms": 2, "max_terms": 2, "max_digits": 3}),
    "multiplication": ("products", {"min_terms": 2, "max_terms": 2, "max_digits": 3}),
    "division": (
        "basic_arithmetic",
        {"min_terms": 2, "max_terms": 2, "operators": ["/"], "allow_parentheses": False},
    ),
    "prime": ("prime_factorization", {"min_value": 10, "max_value": 999_999}),
    "modular": ("basic_arithmetic", {"min_terms": 2, "max_terms": 2, "operators": ["+"], "max_digits": 2}),
    "gcd": ("gcd", {"min_value": 1, "max_value": 9999}),
}
# DeepMind's nearest module, at its medium level.
DEEPMIND: dict[str, tuple[str, dict[str, Any]]] = {
    "addition": ("arithmetic__add_or_sub", {}),
    "addition-digits6": ("arithmetic__add_or_sub", {}),
    "subtraction": ("arithmetic__add_or_sub", {}),
    "multiplication": ("arithmetic__mul", {}),
    "division": ("arithmetic__div", {}),
    "divisible": ("numbers__is_factor", {}),
    "prime": ("numbers__is_prime", {}),
    "modular": ("numbers__div_remainder", {}),
    "gcd": ("numbers__gcd", {}),
}

_LOOP = """
def speed(next_row):
    next_row()
    start, rows = time.process_time(), 0
    while rows < most and time.process_time() - start < seconds:
        assert all(next_row())
        rows += 1
    return rows / (time.process_time() - start)
"""
_GYM_PROGRAM = f"""
import json, sys, time
import reasoning_gym
wanted, seconds, most = json.loads(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
{_LOOP}
for name, settings in wanted:
    rows = iter(reasoning_gym.create_dataset(name, size=most + 1, seed=0, **settings))
    def next_row():
        row = next(rows)
        return row["question"], row["answer"]
    print(speed(next_row))
"""
_DEEPMIND_PROGRAM = f"""
import json, sys, time, warnings
warnings.simplefilter("ignore")
from absl import flags
from mathematics_dataset import generate
wanted, seconds, most = json.loads(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
flags.FLAGS(["generate"])
generate.init_modules(train_split=True)
{_LOOP}
for name, _ in wanted:
    module = generate.filtered_modules["train-medium"][name]
    def next_row():
        problem = generate.sample_from_module(module)[0]
        return str(problem.question), str(problem.answer)
    print(speed(next_row))
"""


@dataclass(frozen=True)
class Peer:
    """A generator to compare with.

    Attributes:
        name: its name in the table.
        nearest: per task of ours its nearest generator and settings.
        program: Python that prints rows per CPU second of each generator in turn.
    """

    name: str
    nearest: dict[str, tuple[str, dict[str, Any]]]
    program: str

    def speeds(self, python: str) -> dict[str, float]:
        """Rows per CPU second beside each of our tasks, measured by a Python that has the peer."""
        wanted = json.dumps(list(self.nearest.values()))
        command = [python, "-c", self.program, wanted, str(SECONDS), str(MOST)]
        answer = subprocess.run(command, capture_output=True, text=True)
        if answer.returncode:
            raise SystemExit(
                f"{self.name} does not run in {python}: {answer.stderr.strip().splitlines()[-1]}"
            )
        return dict(zip(self.nearest, map(float, answer.stdout.split()[-len(self.nearest) :]), strict=True))


REASONING_GYM = Peer("reasoning-gym", GYM, _GYM_PROGRAM)
MATHEMATICS_DATASET = Peer("mathematics_dataset", DEEPMIND, _DEEPMIND_PROGRAM)
