"""Arithmetic: sums, products, quotients, expressions, roots and surds."""

from mathbench.generators.deepmind.arithmetic import (
    add_or_sub,
    bases,
    calculations,
    nearest_root,
    products,
    quotients,
    surds,
)

MODULES = tuple(
    module
    for kind in (add_or_sub, bases, products, quotients, calculations, nearest_root, surds)
    for module in kind.MODULES
)
