"""A PDF that was handed in, for a frame beside its marks or to be saved."""

from django.http import Http404, HttpResponse

from grader.web.finding import find_submission
from grader.web.visits import EVERYBODY, Visit, page

# The browser's own reader shows it, in a frame of ours at most; nothing in it can be a page.
POLICY = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"


@page(EVERYBODY)
def pdf(visit: Visit, number: int) -> HttpResponse:
    """The bytes as they were handed in, under a name that tells nobody whose they are."""
    row = find_submission(visit, number)
    assignment = visit.course.assignments[row.assignment]
    if assignment.submit != "pdf":
        raise Http404("it is no PDF")
    how = "attachment" if visit.request.GET.get("download") else "inline"
    return HttpResponse(
        visit.store.read_notebook_bytes(row),
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'{how}; filename="{row.assignment}-{row.id}.pdf"',
            "Content-Security-Policy": POLICY,
            "X-Content-Type-Options": "nosniff",
        },
    )
