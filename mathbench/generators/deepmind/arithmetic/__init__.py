"""Arithmetic: sums, products, quotients, expressions, roots and surds."""

from mathbench.generators.deepmind.arithmetic import sums

MODULES = (*sums.MODULES,)
