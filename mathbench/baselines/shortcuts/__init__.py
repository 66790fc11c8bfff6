"""Baselines without training steps: floors and the exact solver."""
