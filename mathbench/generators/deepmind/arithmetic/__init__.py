"""Arithmetic: sums, products, quotients, expressions, roots and surds."""

from mathbench.generators.deepmind.arithmetic import calculations, sums

MODULES = (*sums.MODULES, *calculations.MODULES)
