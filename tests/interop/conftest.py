import pytest

import mathbench
from mathbench.dataset.read import open_dataset

SIZES = {"train": 40, "validation": 6, "interpolate": 30, "extrapolate": 10}


@pytest.fixture(scope="session")
def differences(tmp_path_factory):
    """A dataset with negative answers."""
    folder = tmp_path_factory.mktemp("data") / "differences"
    mathbench.generate("subtraction", folder, digits=2, **SIZES)
    return folder


@pytest.fixture(scope="session")
def rows(differences):
    """The rows of its interpolate split."""
    dataset = open_dataset(differences)
    return dataset.table(dataset.config(), "interpolate").to_pylist()
