"""What every answer carries, and what a request holds open."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from grader.store.tables import connection_kept

Answer = Callable[[HttpRequest], HttpResponse]

# Everything that a page needs comes from here; nothing in a page runs but our own two files.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
# What a stranger wrote is shown in a frame that has no origin, runs nothing and loads nothing.
STRANGERS_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)


def headers(answer: Answer) -> Answer:
    """Give every answer the policy that forbids all else, and keep it out of shared caches."""

    def with_headers(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), microphone=(), geolocation=()"
        )
        # Other hosts of the university's are the same site to a browser, which sends cookies along.
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return with_headers


def one_connection(answer: Answer) -> Answer:
    """Keep the database's connection for all of a request; Django closes or keeps it after that."""

    def with_connection(request: HttpRequest) -> HttpResponse:
        with connection_kept():
            return answer(request)

    return with_connection
