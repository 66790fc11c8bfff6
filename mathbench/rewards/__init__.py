"""Rewards for reinforcement learning: exact match, and a difficulty that follows the learner.

`trl`, `verl`, `openrlhf` and `verifiers` wrap the reward for the frameworks of these names. Each imports its framework
when it is used.
"""

from mathbench.rewards.levels import Level, stratum_levels, task_levels
from mathbench.rewards.rows import judged_rows, task_spec
from mathbench.rewards.sampler import AdaptiveSampler
from mathbench.rewards.strict import reward

__all__ = [
    "AdaptiveSampler",
    "Level",
    "judged_rows",
    "reward",
    "stratum_levels",
    "task_levels",
    "task_spec",
]
