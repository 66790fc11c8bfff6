"""Questions and speed of DeepMind's own generator; run by a Python that has `mathematics-dataset`, nothing of ours.

    python deepmind_original.py SECONDS MOST MODULE...

For each module and each of its regimes (train-easy, train-medium, train-hard, extrapolate) a line of JSON: the module,
the regime, questions per CPU second, and up to MOST pairs of question and answer.
"""

import json
import sys
import time
import warnings

warnings.simplefilter("ignore")

from absl import flags  # noqa: E402
from mathematics_dataset import generate  # noqa: E402

REGIMES = ("train-easy", "train-medium", "train-hard", "interpolate", "extrapolate")


def sampled(module, seconds, most):
    """Questions per CPU second and the questions, one after the other as its users get them."""
    pairs, start = [], time.process_time()
    while len(pairs) < most and time.process_time() - start < seconds:
        problem = generate.sample_from_module(module)[0]
        pairs.append((str(problem.question), str(problem.answer)))
    return len(pairs) / (time.process_time() - start), pairs


def main():
    """Sample all modules asked for."""
    seconds, most, wanted = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    flags.FLAGS(["generate"])
    generate.init_modules(train_split=True)
    for name in wanted:
        for regime in REGIMES:
            module = generate.filtered_modules[regime].get(name)
            if module is not None:
                generate.sample_from_module(module)
                rate, pairs = sampled(module, seconds, most)
                print(json.dumps([name, regime, rate, pairs]), flush=True)


main()
