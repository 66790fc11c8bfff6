"""Composition: how many modules a question has, and which."""

import numpy as np

from mathbench.generators.deepmind import TASKS
from mathbench.generators.deepmind.kernel.composition import CompositionTree
from mathbench.hashing import mix64


def test_deeper_questions_have_five_modules_most_of_them_brief():
    task = TASKS["deepmind/numbers__gcd_composed"]()
    deeper = [level.name for level in task.module.all_levels].index("deeper")
    scope = task.module.root_scopes(np.full(2000, deeper), mix64(np.arange(2000, dtype=np.uint64)))
    tree = CompositionTree(task.definers, task.module.draw(scope).requests, scope.modules)
    many = 1 + sum(np.bincount(node.scope.row, minlength=2000) for node in tree.nodes)
    assert tree.good().mean() > 0.99 and (many[tree.good()] == 5).all()
    brief = sum(len(node.scope) for node in tree.nodes if node.module.brief)
    assert 0.8 < brief / (many - 1).sum() < 1
