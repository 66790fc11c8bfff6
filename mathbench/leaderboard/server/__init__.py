"""A board over HTTP: FastAPI with the same checker and the same tables as the command line.

serve              sockets and uvicorn
app                the application and its limits
routes_api         the routes of the JSON API; queries: their queries to the board
routes_rounds      the routes of sealed rounds; round_folders: the rounds of a server
routes_pages       the HTML pages; api_page: the page that describes the API
responses          the responses for the OpenAPI document; errors: every error as one line of JSON
access             checks before a request: rate, token, the board's file
rate_limits        sliding windows of addresses; token_turns: turns and limits of tokens; fair_limiter: jobs at a time
connections        time-outs and the number of connections; allowed_hosts: the Host header
store_presence     the board's file
uploads            request bodies into files; scoring_process: the checker in a separate process
work_estimate      the CPU time of scoring, estimated beforehand
current_board      the pages of the current board; caching: ETags and cached responses
temporary_folders  temporary files; logs: one line per request
"""
