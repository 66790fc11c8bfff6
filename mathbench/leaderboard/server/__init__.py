"""A board over HTTP: FastAPI in front of the same checker and the same tables.

app      the addresses; replies: what they answer, for OpenAPI; body, errors: JSON and errors, one line each
receive  a submission from a request body to a folder; scoring: the checker in a process of its own
rounds   the addresses of sealed rounds, round_replies: what they answer; shelf: the folder they lie in
pages    the pages of a board; current: the board of this moment; caching: ETags, and what is kept ready
rates    how often somebody may ask; hosts: for which names; logs: what is written down
serve    sockets and uvicorn; folders: temporary files; presence: whether the board's file is there
"""
