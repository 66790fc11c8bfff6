"""Baselines of third parties: networks and answerers from a file, a module or an installed package."""
