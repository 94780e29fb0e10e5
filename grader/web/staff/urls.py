"""The addresses of the staff's pages."""

from django.urls import URLPattern, path

from grader.web.staff import (
    gradebook,
    grading,
    marking,
    marking_paper,
    marking_score,
    regrades,
    reports,
    requests,
    similarity,
    student,
    students,
    submission,
    submissions,
)

_PAPER = "marking/<str:name>/<str:question>/<int:number>/"

urlpatterns: list[URLPattern] = [
    path("", grading.grading, name="staff"),
    path("live/", grading.live),
    path("act/", grading.act),
    path("regrades/<str:name>/", regrades.regrades, name="staff-regrades"),
    path("submissions/", submissions.submissions, name="staff-submissions"),
    path("submissions/<int:number>/", submission.submission, name="staff-submission"),
    path("submissions/<int:number>/again", submission.grade_again, name="staff-submission-again"),
    path(
        "submissions/<int:number>/withdraw", submission.withdraw, name="staff-submission-withdraw"
    ),
    path("students/", students.students, name="staff-students"),
    path("students/<str:identifier>/", student.student, name="staff-student"),
    path("reports/", reports.reports, name="staff-reports"),
    path("reports/<str:name>/", reports.assignment_report, name="staff-report"),
    path("reports/<str:name>/page", reports.assignment_page, name="staff-report-page"),
    path("reports/<str:name>/feedback/<str:file>", reports.feedback),
    path("reports/<str:name>/<str:file>", reports.assignment_file, name="staff-report-file"),
    path("term/", reports.term_report, name="staff-term"),
    path("term/<str:file>", reports.term_file, name="staff-term-file"),
    path("gradebook/", gradebook.gradebook, name="staff-gradebook"),
    path("gradebook/scores.<str:kind>", gradebook.gradebook_file, name="staff-gradebook-file"),
    path("gradebook/lms", gradebook.lms, name="staff-lms"),
    path("similarity/", similarity.similarity, name="staff-similarity"),
    path(
        "similarity/<str:name>/<str:file>",
        similarity.similarity_page,
        name="staff-similarity-page",
    ),
    path("marking/", marking.overview),
    path("marking/<str:name>/", marking.assignment),
    path("marking/<str:name>/<str:question>/", marking.question),
    path("marking/<str:name>/<str:question>/next", marking.mark_next),
    path(_PAPER, marking_paper.paper, name="marking_paper"),
    path(f"{_PAPER}hold", marking_paper.hold),
    path(f"{_PAPER}draft", marking_paper.draft),
    path(f"{_PAPER}put-back", marking.put_back),
    path(f"{_PAPER}before", marking.before),
    path(f"{_PAPER}after", marking.after),
    path(f"{_PAPER}progress", marking.progress),
    path("score/<str:name>/<str:student>/", marking_score.score, name="final_score"),
    path("requests/", requests.requests),
    path("requests/<int:number>/", requests.request),
]
