"""Measurement: units of measurement and times of day."""

from mathbench.generators.deepmind.measurement.clock import TIME
from mathbench.generators.deepmind.measurement.conversion import CONVERSION

MODULES = (CONVERSION, TIME)
