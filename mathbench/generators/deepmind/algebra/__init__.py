"""Algebra: linear equations, roots of polynomials, sequences."""

from mathbench.generators.deepmind.algebra import linear

MODULES = (*linear.MODULES,)
