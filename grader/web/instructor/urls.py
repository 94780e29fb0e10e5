"""The addresses of the instructor's pages."""

from django.urls import URLPattern, path

from grader.web.instructor import (
    assignment,
    backup,
    changes,
    checks,
    dates,
    extensions,
    file,
    groups,
    people,
    record,
    roster,
    term,
)

urlpatterns: list[URLPattern] = [
    path("", term.term, name="course"),
    path("assignments/<str:name>/", assignment.assignment, name="course-assignment"),
    path("assignments/<str:name>/bundle/", assignment.make_bundle, name="course-make-bundle"),
    path(
        "assignments/<str:name>/bundle/state/", assignment.bundle_state, name="course-bundle-state"
    ),
    path("assignments/<str:name>/date/", dates.date, name="course-date"),
    path("assignments/<str:name>/date/grades/", dates.date_grades, name="course-date-grades"),
    path("changes/", changes.waiting, name="course-changes"),
    path("changes/grades/", changes.waiting_grades, name="course-changes-grades"),
    path("changes/file/", file.file, name="course-file"),
    path("roster/", roster.roster, name="course-roster"),
    path("roster/upload/", roster.upload, name="course-roster-upload"),
    path("roster/write/", roster.write, name="course-roster-write"),
    path("roster/read/", roster.read_again, name="course-roster-read"),
    path("groups/", groups.all_sets, name="course-groups"),
    path("groups/<str:name>/", groups.groups, name="course-group-set"),
    path("groups/<str:name>/form/", groups.form_group, name="course-group-form"),
    path("groups/<str:name>/join/", groups.join, name="course-group-join"),
    path("groups/<str:name>/leave/", groups.leave, name="course-group-leave"),
    path("groups/<str:name>/import/", groups.from_file, name="course-group-import"),
    path("extensions/", extensions.extensions, name="course-extensions"),
    path("extensions/grant/", extensions.grant, name="course-extension-grant"),
    path("extensions/import/", extensions.from_file, name="course-extension-import"),
    path(
        "extensions/<int:number>/withdraw/", extensions.withdraw, name="course-extension-withdraw"
    ),
    path("checks/", checks.checks, name="course-checks"),
    path("checks/<str:name>/", checks.checked, name="course-checked"),
    path("record/", record.record, name="course-record"),
    path("record/csv/", record.record_csv, name="course-record-csv"),
    path("people/", people.people, name="course-people"),
    path("people/make/", people.make_one, name="course-people-make"),
    path("people/make/all/", people.make_all, name="course-people-make-all"),
    path("people/invite/", people.invite_all, name="course-people-invite-all"),
    path("people/<int:number>/invite/", people.invite_one, name="course-people-invite"),
    path("people/<int:number>/role/", people.give, name="course-role-give"),
    path("people/<int:number>/active/", people.let_in, name="course-people-let-in"),
    path("people/role/<int:number>/take/", people.take, name="course-role-take"),
    path("backup/", backup.backup, name="course-backup"),
]
