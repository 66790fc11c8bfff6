"""The setting of classifiers for their outputs."""

from typing import Any

from mathbench.parameters import parameter


def output_parameter() -> Any:
    """Declare the setting `output` of a classifier, see `mathbench.baselines.models.interface.logit_count`."""
    return parameter(
        "softmax",
        "one output for each class, or for two classes one, the sigmoid of a logit",
        choices=("softmax", "sigmoid"),
    )
