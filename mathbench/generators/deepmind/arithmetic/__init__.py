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

MODULES = (
    *add_or_sub.MODULES,
    *bases.MODULES,
    *products.MODULES,
    *quotients.MODULES,
    *calculations.MODULES,
    *nearest_root.MODULES,
    *surds.MODULES,
)
