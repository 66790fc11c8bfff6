"""Plots, activations and confidence of finished runs."""
