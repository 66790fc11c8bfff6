"""Logs of evaluation harnesses, read with limits, checked against the rows that they name, and graded again."""
