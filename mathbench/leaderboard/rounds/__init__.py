"""Sealed rounds: weights are named first, questions are drawn afterwards, and everything is opened at the end.

log      the record of a round: lines of JSON, each with the digest of the one before
rules    what may follow what, and when; the state of a round is what its log says
sealed   the commitment, the questions of an entry and their score
private  what only the host reads: seed and salt, and whose token an entry came with
answers  what was handed in, as files
host     open, challenge, answer, close, reveal
entering challenge and answer with a token, over a line that may break; remote: the other end of that line
audit    verify a published round offline
publish  a revealed round on a board
"""
