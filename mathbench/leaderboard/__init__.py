"""The leaderboard: submissions with recomputed scores, boards that store them, rankings and pages.

submission           a manifest with its predictions, read and checked; submission_manifest: its two kinds
check                the checker: regenerates the truth and scores the predictions
submission_record    a submission on a board, with its recomputed scores
submit, client       submitting to a local board or to a server
verify, reproduce    checking a whole board, repeating one of its runs
store/               the board in a database, or as a folder of JSON files
ranking/             ranks, macro averages, paired comparisons, tables as text
rounds/              sealed rounds
site/, server/       the HTML pages, and the service with its API
"""
