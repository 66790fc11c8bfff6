"""Plots of attention weights and hidden states of a network for one question."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathbench.baselines.analysis import figures
from mathbench.baselines.encoding import Tokens
from mathbench.baselines.predictor import TrainedNetwork
from mathbench.errors import require_extra

MAX_MATRICES = 24  # matrices in a figure
COLUMNS = 4
MAX_LABELS = 48  # axes with more positions are not labelled
CROWDED = 16  # axes with more positions have smaller labels
PADDING_MARK = "·"
START_MARK = "start"  # the token before an answer
# layers that read from the other end, or padding last: their positions are not those of the question
OTHER_ORDER = ("onward", "back", "descending")


def activation_matrices(
    trained: TrainedNetwork, tokens: Tokens, answer: Tokens
) -> dict[str, NDArray[np.float32]]:
    """Return activations for one question, tokens (1, T), and its answer, (1, positions), as matrices by name."""
    return {name: np.asarray(values[0]) for name, values in trained.network.inspect(tokens, answer).items()}


def draw(
    path: Path, matrices: Mapping[str, NDArray[np.float32]], title: str, texts: Sequence[Sequence[str]]
) -> None:
    """Draw matrices side by side, with the tokens as labels of their positions.

    Args:
        path: the file, whose suffix selects the format.
        matrices: ``attention/...`` as (queries, keys), others as (positions, units).
        title: title of the figure.
        texts: the labels of positions of the question and of the answer, see `axis_labels`.

    Raises:
        InputError: for an unsupported suffix, or without the extra `plots`.
    """
    require_extra("matplotlib", "plots")
    import matplotlib
    from matplotlib.figure import Figure

    figures.check_suffix(path, "--plot")
    drawn = dict(list(matrices.items())[:MAX_MATRICES])
    columns = min(COLUMNS, len(drawn))
    rows = -(-len(drawn) // columns)
    with matplotlib.rc_context(figures.STYLE):
        figure = Figure(figsize=(3.6 * columns, 3.4 * rows + 0.4), layout="tight")
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        for axis, (name, values) in zip(axes, drawn.items(), strict=False):
            _matrix(axis, name, values, texts)
        for axis in axes[len(drawn) :]:
            axis.set_axis_off()
        more = len(matrices) - len(drawn)
        figure.suptitle(title + (f" ({MAX_MATRICES} of {len(matrices)} matrices shown)" if more else ""))
        figures.save_figure(figure, path)


def axis_labels(trained: TrainedNetwork, tokens: Tokens, answer: Tokens) -> tuple[Sequence[str], ...]:
    """Return the tokens of a question, (1, T), and its answer, (1, positions), as text with a dot for padding.

    The answer comes twice: up to the padding token that ends it, as an autoregressive network generates it, and at full
    length. Last come both in one sequence. Where questions are laid out in columns, those of the question label the
    answer too.
    """
    alphabet = PADDING_MARK + trained.encoding.alphabet
    question = [text or PADDING_MARK for text in trained.encoding.read_texts(tokens)[0][0].tolist()]
    if trained.encoding.classes or trained.encoding.layout:
        return (question,)
    padded = "".join(alphabet[token] for token in answer[0])
    text, end, _ = padded.partition(PADDING_MARK)
    # one sequence, as a decoder-only network reads it: all of the answer but its last token is read too
    return question, text + PADDING_MARK, padded, [*question, START_MARK, *(text if end else text[:-1])]


def in_order(name: str) -> bool:
    """Return whether the positions of a layer are in the order of its question or answer.

    >>> in_order("hidden/reader"), in_order("hidden/readers/back")
    (True, False)
    """
    return name.rpartition("/")[2] not in OTHER_ORDER


def _matrix(axis: Any, name: str, values: NDArray[np.float32], texts: Sequence[Sequence[str]]) -> None:
    """Draw attention weights from 0 to 1, or states centred at zero with positions from left to right."""
    attention = name.startswith("attention")
    texts = texts if in_order(name) else ()
    if attention:
        image = axis.imshow(values, vmin=0, vmax=1, aspect="auto", cmap="viridis")
        axis.set(xlabel="looked at", ylabel="looking")
        _label(axis, "y", values.shape[0], texts)
    else:
        image = axis.imshow(values.T, aspect="auto", cmap="coolwarm", **_limits(values))
        axis.set(xlabel="position", ylabel="unit")
    _label(axis, "x", values.shape[1] if attention else values.shape[0], texts)
    axis.figure.colorbar(image, ax=axis)
    axis.set_title(name, fontsize=8)
    axis.grid(False)


def _limits(values: NDArray[np.float32]) -> dict[str, float]:
    maximum = float(np.abs(values).max(initial=0)) or 1.0
    return {"vmin": -maximum, "vmax": maximum}


def _label(axis: Any, which: str, count: int, texts: Sequence[Sequence[str]]) -> None:
    """Label the positions with the first text of that length, if there is one."""
    matching = [text for text in texts if len(text) == count]
    if matching and count <= MAX_LABELS:
        getattr(axis, f"set_{which}ticks")(range(count), list(matching[0]))
        if count > CROWDED:
            axis.tick_params(which, labelsize="x-small")
            for label in axis.get_xticklabels():
                # a word takes the place of one digit
                label.set_rotation(90 * (len(label.get_text()) > 1))
