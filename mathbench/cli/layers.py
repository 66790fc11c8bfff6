"""Layer tables of networks: those that a command line describes, and those of finished runs."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mathbench.cli.output import out, print_json, print_message, table
from mathbench.cli.request import DataOptions, PromptingOptions, SweepOptions
from mathbench.errors import InputError

if TYPE_CHECKING:
    from mathbench.baselines.analysis.layers import LayerTable


@dataclass(frozen=True)
class NetworkRequest:
    """A network that is built and not trained.

    Args:
        name: name of a baseline.
        recipe: name or file of a recipe.
        framework: ``torch`` or ``keras``.
        settings: ``key=value``, for single settings.
        data: the rows whose questions it would read.
        seed: of the first weights.
        sweep: nothing, since one network is shown.
        prompting: none, since it is no language model.
    """

    name: str
    recipe: str | None
    framework: str | None
    settings: tuple[str, ...]
    data: DataOptions
    seed: str = "0"
    sweep: SweepOptions = field(default_factory=SweepOptions)
    prompting: PromptingOptions = field(default_factory=PromptingOptions)


def print_network(request: NetworkRequest, json: bool) -> None:
    """Build the network of a request as a run would, and print its layers."""
    from mathbench.baselines.analysis.layers import layer_table
    from mathbench.baselines.models.interface import DeviceConfig
    from mathbench.baselines.predictor import build_network
    from mathbench.baselines.table import baseline
    from mathbench.baselines.trainer import encoding_for
    from mathbench.cli.selection import make_data, make_spec

    if not (entry := baseline(request.name)).settings:
        raise InputError(f"{entry.name} is not a network, so it has no layers.")
    spec, recipe = make_spec(request)
    data = make_data(request.data, spec, recipe)
    encoding = encoding_for(spec, data)
    found = layer_table(build_network(spec, encoding, DeviceConfig("cpu")), encoding)
    _print(found, f"{entry.name} ({spec.framework}) for {data.task.name}", json)


def print_run(run: Path, json: bool) -> None:
    """Print the layers of the network of a finished run."""
    from mathbench.baselines.analysis.layers import layer_table
    from mathbench.baselines.encoding import Encoding
    from mathbench.baselines.models.interface import DeviceConfig
    from mathbench.baselines.predictor import load_run

    loaded = load_run(run, DeviceConfig("cpu"))
    if loaded.trained is None:
        raise InputError(f"{loaded.result['baseline']} is not a network, so it has no layers.")
    result, trained = loaded.result, loaded.trained
    # as it was trained: questions are answered without padding where batches were sorted by length
    found = layer_table(trained.network, Encoding.from_json(result["encoding"]))
    _print(found, f"{result['baseline']} ({result['framework']}) for {loaded.task.name}", json)


def _print(found: "LayerTable", title: str, json: bool) -> None:
    if json:
        print_json({"network": title, **found.to_json()})
        return
    numbers = ("trained weights", "uses")
    shown = table("layer", "kind", "output", *numbers, right=numbers, title=title)
    for layer in found.layers:
        shown.add_row(layer.name, layer.kind, layer.shape_text, f"{layer.weights:,}", str(layer.uses))
    shown.add_row("total", "", "", f"{found.parameters:,}", "", style="bold")
    out.print(shown)
    print_message(
        f"B: rows of a batch; T: positions; here questions of {found.question} positions and answers of {found.answer}"
    )
