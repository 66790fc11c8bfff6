"""Seasons: what a board ranks is fixed by its host, not by its submitters.

season       a season: its tasks with seed, rows and weight, its rules and times
files        seasons as TOML files
standing     where a submission stands in a season: its task, and whether it answered all rows
references   the floors and the exact solver on the rows of a season, computed once
questions    the questions of a season without answers, and answers to all of them as submissions
evaluate     the answers of a run to the rows of a season
"""
