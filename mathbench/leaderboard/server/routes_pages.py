"""The routes of the HTML pages and of the data of their plots."""

import re

import anyio
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.convertors import PathConvertor, register_url_convertor

from mathbench.errors import InputError
from mathbench.leaderboard.server import api_page
from mathbench.leaderboard.server.access import wait_of
from mathbench.leaderboard.server.caching import etag_response, response
from mathbench.leaderboard.site import address, comparison_page
from mathbench.leaderboard.site.page import CONTENT_POLICY, Page, render_page
from mathbench.leaderboard.site.page_set import PageSet
from mathbench.leaderboard.site.task_page import Filters
from mathbench.leaderboard.store.database import DatabaseUnreachable

YEAR = 31_536_000  # seconds that a browser may cache files whose address changes with their content
SECURITY_HEADERS = {
    "Content-Security-Policy": f"{CONTENT_POLICY}; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}

# the URL of a round that commands take redirects to its page
ROUND = r"rounds/[A-Za-z0-9._-]+(?<!\.html)(?<!\.csv)"
QUERY_FILTERS = {
    "q": "word",
    "framework": "framework",
    "badge": "badge",
    "sort": "sort",
    "supervision": "supervision",
    "internal": "internal",
    "revised": "revised",
}  # query key -> field of Filters


class _PagePath(PathConvertor):
    """Any path outside the API, where unknown paths stay JSON errors."""

    regex = "(?!api(/|$)).*"


register_url_convertor("page", _PagePath())
pages = APIRouter(include_in_schema=False)


@pages.api_route(f"/{api_page.PATH}", methods=["GET", "HEAD"])
async def api_description(request: Request) -> Response:
    """The page that describes the API."""
    if seconds := wait_of(request):
        return error_page(request, 429, f"Too many requests; try again in {seconds} seconds.", seconds)
    context, origin = request.app.state.current.context, str(request.base_url).rstrip("/")
    made = await anyio.to_thread.run_sync(api_page.page, request.app.openapi(), context, origin)
    return _sent(request, made, lasting=False)


@pages.api_route("/{path:page}", methods=["GET", "HEAD"])
async def page(request: Request, path: str) -> Response:
    """A page, or the data of one plot."""
    if seconds := wait_of(request):
        return error_page(request, 429, f"Too many requests; try again in {seconds} seconds.", seconds)
    if re.fullmatch(ROUND, path):
        return RedirectResponse(address.of_round(path.partition("/")[2]).partition("/")[2], 308)
    slow = request.app.state.comparers if path.startswith("compare/") else None
    return await anyio.to_thread.run_sync(_page_response, request, path or address.OVERVIEW, limiter=slow)


def _page_response(request: Request, path: str) -> Response:
    """The page at a path, or an error as a page."""
    state, query = request.app.state, request.query_params
    try:
        state.presence.check()
        site: PageSet = state.current.site()
        if path == address.COMPARE and "model" in query:
            first, second = [*query.getlist("model"), "", ""][:2]
            chosen = comparison_page.Request(first, second, query.get("task", ""))
            return _redirect_to_models(site, chosen)
        if path == address.COMPARE and "id" in query:
            ids = [*query.getlist("id"), ""]
            return _redirect_to_pair(request, site, (ids[0], ids[1]))
        filters = Filters(**{name: query.get(key, "")[:200] for key, name in QUERY_FILTERS.items()})
        if path.startswith(address.CERTIFICATES):  # too large for the cache
            found = site.page(path)
        else:
            found = state.pages.get(site, (path, filters), lambda: site.page(path, filters))
    except (DatabaseUnreachable, HTTPException):
        return error_page(request, 503, "The board is temporarily unavailable; try again later.", 10)
    except InputError as error:
        return error_page(request, 422, str(error))
    if found is None:
        return error_page(request, 404, "There is no page at this address.")
    return _sent(request, found, lasting=path.startswith("static/") and "v" in query)


def _redirect_to_pair(request: Request, site: PageSet, requested: tuple[str, str]) -> Response:
    """Redirect from two ids to the page that compares them; an unknown id is an error in the form."""
    found = [site.find_by_prefix(digits.strip().lower()) for digits in requested]
    missing = next((digits for digits, entry in zip(requested, found, strict=True) if entry is None), None)
    if missing is not None:
        error = (
            f"{missing[:64]!a} does not match exactly one submission. Give at least eight digits of its id."
        )
        return _choose_again(site, error, comparison_page.NOTHING)
    first, second = (entry.digest for entry in found if entry)
    return RedirectResponse(address.of_pair(first, second), 303)


def _redirect_to_models(site: PageSet, requested: comparison_page.Request) -> Response:
    """Redirect from two models and a task to the page that compares them; what cannot be is an error in the form."""
    models = site.comparisons.models
    first, second = (models.get(id) for id in (requested.first, requested.second))
    if first is None or second is None or first is second:
        return _choose_again(site, "Choose two different models of the season.", requested)
    missing = [m.name for m in (first, second) if requested.task and requested.task not in m.entries]
    if missing:
        error = f"{missing[0]} has no complete answers to {requested.task[:64]!a}. Choose another task."
        return _choose_again(site, error, requested)
    return RedirectResponse(address.of_models(first.id, second.id, requested.task), 303)


def _choose_again(site: PageSet, error: str, requested: comparison_page.Request) -> Response:
    """The form with an error."""
    form = comparison_page.form_page(site.snapshot, site.context, site.comparisons, error, requested)
    return response(form.body, 404, SECURITY_HEADERS, form.kind)


def _sent(request: Request, page: Page, lasting: bool) -> Response:
    cache = {"Cache-Control": f"public, max-age={YEAR}, immutable"} if lasting else {}
    return etag_response(request, page.body, page.kind, SECURITY_HEADERS | cache)


def error_page(request: Request, status: int, why: str, wait: int | None = None) -> Response:
    """An error as a page; its links work at any depth of the path."""
    path = request.url.path.lstrip("/")
    context = request.app.state.current.context
    titles = {
        404: "Not found",
        422: "Page cannot be shown",
        429: "Too many requests",
        503: "Temporarily unavailable",
    }
    title = titles.get(status, "Something went wrong")
    found = render_page("error.html", context, path, status=status, title=title, message=why)
    headers = {**SECURITY_HEADERS, **({"Retry-After": str(wait)} if wait else {})}
    return response(found.body, status, headers, found.kind)
