"""Make the truth that predictions are scored against."""

from pathlib import Path

from mathbench.baselines.result import Result
from mathbench.data import Data
from mathbench.errors import InputError
from mathbench.generators import family


def truth_of_run(folder: Path) -> Data:
    """Regenerate the data of a run from what its result says.

    Raises:
        InputError: when the folder is no finished run, or the regenerated data differ from what it was run
            on.
    """
    if not folder.is_dir():
        raise InputError("score needs the truth: give --data DIR or --task NAME.")
    result = Result.load(folder)
    # not task(id, **parameters): a parameter could have the name of an argument
    made = family(result.task["id"]).of(result.task["parameters"])
    data = Data.generate(made, result.data["sizes"], result.data["seed"])
    if data.digest != result.data["digest"]:
        raise InputError(f"{folder} was run on other rows of {made.name} than this version makes.")
    return data
