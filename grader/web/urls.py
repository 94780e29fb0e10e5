"""The addresses. Each area has its own list; tests hold every one against roles and ownership."""

from django.urls import URLPattern, URLResolver, include, path

from grader.web.account.urls import urlpatterns as account
from grader.web.api.urls import urlpatterns as api
from grader.web.instructor.urls import urlpatterns as instructor
from grader.web.lti.urls import urlpatterns as lti
from grader.web.staff.marking_pdf import pdf
from grader.web.staff.urls import urlpatterns as staff
from grader.web.student.urls import urlpatterns as student

urlpatterns: list[URLPattern | URLResolver] = [
    *student,
    path("submissions/<int:number>/pdf", pdf),
    path("staff/", include(staff)),
    path("course/", include(instructor)),
    path("account/", include(account)),
    *lti,
    path("api/v1/", include(api)),
]

handler400 = "grader.web.failing.bad_request"
handler403 = "grader.web.failing.forbidden"
handler404 = "grader.web.failing.not_found"
handler500 = "grader.web.failing.failed"
