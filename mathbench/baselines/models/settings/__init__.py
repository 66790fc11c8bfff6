"""Hyperparameters of the built-in networks, free of any framework."""
