"""Sealed rounds: weights are named first, questions are drawn afterwards, and the seed is published at the end.

log       the log of a round: lines of JSON, each with the digest of the previous one
rules     the events that may follow, and the state of a round from its log
sealed    the commitment, the questions of an entry and their score
private   the host's secrets: seed and salt, and the tokens of entries
answers   the answers of entries, as files
host      the steps open, challenge, answer, close, reveal
entering  challenge and answer for requests with a token, safe to repeat
client    the client of a server with rounds
audit     verify a published round offline
publish   a revealed round on a board
"""
