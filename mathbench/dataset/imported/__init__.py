"""Imported data: datasets whose rows come from other tools.

known    the folders of imported datasets, by the digest of their rows
task     the task of imported data, whose rows are read from such a folder
blocks   rows as sources give them, and as they wait on disk until all are there
overlap  questions that splits share, measured by hashes
write    a folder of blocks as a dataset
card     its dataset card
verify   its checks
"""
