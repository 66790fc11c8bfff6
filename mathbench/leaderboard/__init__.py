"""The leaderboard: submissions that are recomputed, the board that keeps them, ranks and tables.

schema      what a result.json may hold, written out
submission  a run directory, read and checked for form
checker     the one checker: regenerates the truth and scores the predictions
store       the board in a database; folder: the same as JSON files in git
ranking     from submissions to tables with ranks; render: tables as text
"""
