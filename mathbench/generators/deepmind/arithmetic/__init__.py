"""Arithmetic: sums, products, quotients, expressions, roots and surds."""

from mathbench.generators.deepmind.arithmetic import (
    bases,
    calculations,
    products,
    quotients,
    roots,
    sums,
    surds,
)

MODULES = tuple(
    module
    for kind in (sums, bases, products, quotients, calculations, roots, surds)
    for module in kind.MODULES
)
