"""Arithmetic: sums, products, quotients, expressions, roots and surds."""

from mathbench.generators.deepmind.arithmetic import bases, calculations, products, quotients, roots, sums

MODULES = tuple(
    module for kind in (sums, bases, products, quotients, calculations, roots) for module in kind.MODULES
)
