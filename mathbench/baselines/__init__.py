"""Baselines: models, their training and evaluation, and the run directory that stores the results."""
