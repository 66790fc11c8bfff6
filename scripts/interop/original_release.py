"""Write questions of DeepMind's own generator in the layout of its release.

    python original_release.py OUT TRAIN TEST SEED MODULE...

Run by a Python that has `mathematics-dataset`, nothing of ours. TRAIN questions for each of the three levels, TEST for
each test set; extrapolation for the modules that have it. With PYTHONHASHSEED=0 the same questions again for the same
seed, apart from composed modules.
"""

import random
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
from absl import flags  # noqa: E402
from mathematics_dataset import generate  # noqa: E402

REGIMES = ("train-easy", "train-medium", "train-hard", "interpolate", "extrapolate")


def write(folder: Path, regime: str, name: str, module: object, count: int) -> None:
    """Write one text file."""
    (folder / regime).mkdir(parents=True, exist_ok=True)
    with (folder / regime / f"{name}.txt").open("w", encoding="utf-8") as file:
        for _ in range(count):
            problem = generate.sample_from_module(module)[0]
            file.write(f"{problem.question}\n{problem.answer}\n")


def main() -> None:
    """Write the files of some modules."""
    folder, (train, test, seed), names = Path(sys.argv[1]), map(int, sys.argv[2:5]), sys.argv[5:]
    flags.FLAGS(["generate"])
    generate.init_modules(train_split=True)
    for regime in REGIMES:
        for name, module in sorted(generate.filtered_modules[regime].items()):
            if any(
                name == wanted or (name.startswith(f"{wanted}_") and regime == "extrapolate")
                for wanted in names
            ):
                random.seed(f"{seed} {regime} {name}")
                np.random.seed(abs(hash((seed, regime, name))) % 2**32)
                write(folder, regime, name, module, train if regime.startswith("train") else test)


if __name__ == "__main__":
    main()
