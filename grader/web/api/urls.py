"""The API put together. Its description is at openapi.json; there is no page that draws it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.operation import Operation

from grader.web.api import entry, staff, students
from grader.web.api.problems import told_by


class Api(NinjaAPI):
    """An API whose operations are named as their functions."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """Such as `hand_in`."""
        return operation.view_func.__name__


api = Api(
    title="Course",
    version="1",
    description="Handing in, feedback and grading of a course, for scripts. Errors are JSON with "
    "`title`, `detail` and `hint`.",
    openapi_url="/openapi.json",
    docs_url=None,
    urls_namespace="api",
)
told_by(api)
api.add_router("", entry.router)
api.add_router("", students.router)
api.add_router("/staff", staff.router)


@api.exception_handler(entry.NoToken)
def no_token_yet(request: HttpRequest, error: entry.NoToken) -> HttpResponse:
    """Why a command has no token, in RFC 8628's words."""
    told = entry.problem_of(error.answer)
    return api.create_response(request, told, status=told.status)


@csrf_exempt  # it changes nothing
def no_such_operation(request: HttpRequest, rest: str) -> HttpResponse:
    """404 as JSON, also where there is no operation."""
    return api.on_exception(request, Http404(rest))


urlpatterns: list[URLPattern | URLResolver] = [
    path("", api.urls),
    path("<path:rest>", no_such_operation),
]
