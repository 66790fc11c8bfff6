"""Algebra: linear equations, roots of polynomials, sequences."""

from mathbench.generators.deepmind.algebra import linear, polynomial_roots, sequences

MODULES = (*linear.MODULES, *polynomial_roots.MODULES, *sequences.MODULES)
