"""Algebra: linear equations, roots of polynomials, sequences."""

from mathbench.generators.deepmind.algebra import linear, roots, sequences

MODULES = (*linear.MODULES, *roots.MODULES, *sequences.MODULES)
