"""The addresses of students' pages."""

from django.urls import URLPattern, path

from grader.web.student import (
    assignment,
    calendar,
    groups,
    handing_in,
    home,
    notebook,
    requests,
    submission,
)

urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("assignments/<str:name>/", assignment.assignment_page, name="assignment"),
    path("assignments/<str:name>/now", assignment.assignment_now),
    path("assignments/<str:name>/begin", assignment.begin_timed),
    path("assignments/<str:name>/starter", assignment.starter),
    path("assignments/<str:name>/solution", assignment.solution),
    path("assignments/<str:name>/submit", handing_in.hand_in),
    path("submissions/<int:number>/", submission.submission_page, name="submission"),
    path("submissions/<int:number>/live", submission.submission_live),
    path("submissions/<int:number>/receipt", submission.receipt),
    path("submissions/<int:number>/file", submission.submitted_file, name="submitted file"),
    path("submissions/<int:number>/ask", submission.ask),
    path("submissions/<int:number>/notebook", notebook.notebook, name="notebook"),
    path("submissions/<int:number>/notebook/frame", notebook.notebook_frame),
    path("requests/", requests.own_requests, name="requests"),
    path("requests/<int:number>/", requests.own_request, name="request"),
    path("groups/", groups.groups, name="groups"),
    path("calendar/", calendar.calendar, name="calendar"),
    path("calendar/address", calendar.new_address, name="calendar address"),
    path("calendar/feed/<str:token>.ics", calendar.feed, name="calendar feed"),
]
