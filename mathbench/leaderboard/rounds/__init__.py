"""Sealed rounds: weights are named first, questions are drawn afterwards, and everything is opened at the end.

log    the record of a round: lines of JSON, each with the digest of the one before
rules  what may follow what, and when; the state of a round is what its log says
sealed the commitment, the questions of an entry and their score
host   open, challenge, answer, close, reveal
audit  verify a published round offline
"""
