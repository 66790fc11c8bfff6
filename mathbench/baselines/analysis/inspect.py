"""A picture of what a network computed for one question: attention weights and hidden states."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathbench.baselines.analysis.plots import STYLE
from mathbench.baselines.encoding import Tokens
from mathbench.baselines.predictor import TrainedNetwork
from mathbench.errors import InputError

FILE_SUFFIXES = (".png", ".svg", ".pdf")
MAX_MATRICES = 24  # matrices in a picture
COLUMNS = 4
MAX_LABELS = 48  # positions that get a label each
PADDING_MARK = "·"


def activation_matrices(
    trained: TrainedNetwork, tokens: Tokens, answer: Tokens
) -> dict[str, NDArray[np.float32]]:
    """What a network computed for one question, tokens (1, T), and its answer, (1, positions): matrices by name."""
    return {name: np.asarray(values) for name, values in trained.network.inspect(tokens, answer).items()}


def draw(path: Path, matrices: Mapping[str, NDArray[np.float32]], title: str, texts: Sequence[str]) -> None:
    """Draw matrices beside each other, their positions labelled with what stands there.

    Args:
        path: a file; its ending says the format.
        matrices: ``attention/...`` as (looking, looked at), others as (positions, units).
        title: above the picture.
        texts: what stands at the positions of the question, and at those of the answer.

    Raises:
        InputError: for another ending.
    """
    import matplotlib
    from matplotlib.figure import Figure

    if path.suffix not in FILE_SUFFIXES:
        raise InputError(
            f"--plot needs a file ending in {', '.join(FILE_SUFFIXES)}. Received: '{path.name}'."
        )
    shown = dict(list(matrices.items())[:MAX_MATRICES])
    across = min(COLUMNS, len(shown))
    down = -(-len(shown) // across)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(3.6 * across, 3.4 * down + 0.4), layout="tight")
        axes = figure.subplots(down, across, squeeze=False).ravel()
        for axis, (name, values) in zip(axes, shown.items(), strict=False):
            _matrix(axis, name, values, texts)
        for axis in axes[len(shown) :]:
            axis.set_axis_off()
        more = len(matrices) - len(shown)
        figure.suptitle(title + (f" ({more} more matrices)" if more else ""))
        figure.savefig(path, dpi=110)


def axis_labels(trained: TrainedNetwork, tokens: Tokens, answer: Tokens) -> tuple[str, ...]:
    """What stands at each position of a question, tokens (1, T), and its answer, (1, positions); a dot for a blank.

    The answer comes twice: as one that is written token by token, up to the blank that ends it, and at full length.
    """
    alphabet = PADDING_MARK + trained.encoding.alphabet
    question = "".join(alphabet[token] for token in tokens[0])
    if trained.encoding.classes:
        return (question,)
    whole = "".join(alphabet[token] for token in answer[0])
    written, _, _ = whole.partition(PADDING_MARK)
    return question, written + PADDING_MARK, whole


def _matrix(axis: Any, name: str, values: NDArray[np.float32], texts: Sequence[str]) -> None:
    """Attention from 0 to 1; states around zero, a column for each position as one reads."""
    attention = name.startswith("attention")
    if attention:
        image = axis.imshow(values, vmin=0, vmax=1, aspect="auto", cmap="viridis")
        axis.set(xlabel="looked at", ylabel="looking")
        _labelled(axis, "y", values.shape[0], texts)
    else:
        image = axis.imshow(values.T, aspect="auto", cmap="coolwarm", **_limits(values))
        axis.set(xlabel="position", ylabel="unit")
    _labelled(axis, "x", values.shape[1] if attention else values.shape[0], texts)
    axis.figure.colorbar(image, ax=axis)
    axis.set_title(name, fontsize=8)
    axis.grid(False)


def _limits(values: NDArray[np.float32]) -> dict[str, float]:
    maximum = float(np.abs(values).max(initial=0)) or 1.0
    return {"vmin": -maximum, "vmax": maximum}


def _labelled(axis: Any, which: str, count: int, texts: Sequence[str]) -> None:
    """Name the positions after the text that is as long, if there is one."""
    fitting = [text for text in texts if len(text) == count]
    if fitting and count <= MAX_LABELS:
        getattr(axis, f"set_{which}ticks")(range(count), list(fitting[0]))
