"""Measurement: units of measurement and times of day."""

from mathbench.generators.deepmind.measurement.clock import TIME

MODULES = (TIME,)
