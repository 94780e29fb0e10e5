"""Accounts: who may log in, as what, and the links by which they set a password."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.http import urlencode

from grader.gradebook.exports.spreadsheet import csv_text
from grader.web.account.inviting import LASTS, invite, link_of, standing
from grader.web.account.staffing import (
    CannotChange,
    give_role,
    make_staff_account,
    make_student_accounts,
    role_text,
    set_active,
    take_role,
    without_account,
)
from grader.web.instructor.frame import back_to, refuse, show
from grader.web.models import Account, StaffRole
from grader.web.staff.paging import part_of
from grader.web.visits import INSTRUCTORS, Role, Visit, page

PAGE = 50
WHO = ("everybody", "staff", "students", "without a password", "shut")


@page(INSTRUCTORS)
def people(visit: Visit) -> HttpResponse:
    """The accounts, staff first."""
    given = visit.request.GET
    text, who = given.get("text", "").strip()[:128], given.get("who", "")
    who = who if who in WHO else WHO[0]
    numbers = list(chosen(text, who).values_list("pk", flat=True))
    asked = {"text": text, "who": "" if who == WHO[0] else who}
    query = urlencode({name: value for name, value in asked.items() if value})
    shown = part_of(numbers, given, size=PAGE, query=query)
    students = visit.store.roster.students()
    values = {
        "part_shown": shown,
        "accounts": lines_of(list(shown.entries), {row.identifier for row in students}),
        "text": text,
        "who": who,
        "choices": WHO,
        "missing": len(without_account(students)),
        "uninvited": uninvited(timezone.now()).count(),
        "no_password": no_password().count(),
        "sections": sorted({row.section for row in students if row.section}),
        "lasts": LASTS.days,
    }
    return show(visit, "people", "course-people", values)


def chosen(text: str, who: str) -> "QuerySet[Account]":
    """The accounts that were asked for, staff before students."""
    rows = Account.objects.all()
    if text:
        rows = rows.filter(
            Q(login__icontains=text) | Q(name__icontains=text) | Q(email__icontains=text)
        )
    match who:
        case "staff":
            rows = rows.filter(roles__isnull=False)
        case "students":
            rows = rows.exclude(student="")
        case "without a password":
            rows = rows.filter(pk__in=no_password())
        case "shut":
            rows = rows.filter(is_active=False)
        case _:
            pass
    return rows.distinct().order_by("student", "login")


def lines_of(numbers: list[int], on_roster: set[str]) -> list[dict[str, Any]]:
    """These accounts with their roles, in this order."""
    now = timezone.now()
    rows = Account.objects.filter(pk__in=numbers).prefetch_related("roles")
    links = dict(standing(now).filter(account__in=numbers).values_list("account", "expires_at"))
    by_number = {row.pk: row for row in rows}
    found = [by_number[number] for number in numbers if number in by_number]
    return [
        {
            "account": row,
            "roles": [
                (one.pk, role_text(Role(one.role), one.section))
                for one in sorted(
                    row.roles.all(),  # type: ignore[attr-defined]
                    key=lambda one: (one.role, one.section),
                )
            ],
            "on_roster": row.student in on_roster,
            "has_password": bool(row.password) and row.has_usable_password(),
            "link_until": links.get(row.pk),
        }
        for row in found
    ]


def no_password() -> "QuerySet[Account]":
    """Who may log in, but has no password to do it by."""
    rows = Account.objects.filter(is_active=True)
    return rows.filter(Q(password="") | Q(password__startswith=UNUSABLE_PASSWORD_PREFIX))


def uninvited(now: datetime) -> "QuerySet[Account]":
    """Those of them who have no link that still holds."""
    return no_password().exclude(pk__in=standing(now).values("account"))


@page(INSTRUCTORS, "POST")
def make_all(visit: Visit) -> HttpResponse:
    """Make an account for every student who has none."""
    made = make_student_accounts(visit.store, by=visit.by)
    count = len(made.accounts)
    noun = "account was" if count == 1 else "accounts were"
    messages.success(visit.request, f"{count} {noun} made. Invite them to set a password.")
    if made.taken:
        messages.warning(
            visit.request,
            f"Not for {', '.join(made.taken[:20])}: there is an account of that login which is "
            "somebody else's.",
        )
    return back_to("course-people")


@page(INSTRUCTORS, "POST")
def make_one(visit: Visit) -> HttpResponse:
    """Make an account for somebody who is no student, with a role if one is given."""
    given = visit.request.POST
    try:
        login = given.get("login", "").strip()
        name, email = given.get("name", "").strip(), given.get("email", "").strip()
        role = _role(given.get("role", "")) if given.get("role") else None
        account = make_staff_account(visit.store, login, name, email, by=visit.by)
        if role is not None:
            section = given.get("section", "").strip() if role is Role.TA else ""
            give_role(visit.store, account, role, section, by=visit.by)
        messages.success(visit.request, f"{login} has an account. Invite them to set a password.")
    except CannotChange as error:
        refuse(visit, error)
    return back_to("course-people")


@page(INSTRUCTORS, "POST")
def give(visit: Visit, number: int) -> HttpResponse:
    """Give somebody a role."""
    account = get_object_or_404(Account, pk=number)
    given = visit.request.POST
    try:
        role, section = _role(given.get("role", "")), given.get("section", "").strip()
        section = "" if role is Role.INSTRUCTOR else section
        give_role(visit.store, account, role, section, by=visit.by)
        messages.success(visit.request, f"{account.login} is {role_text(role, section)} now.")
    except CannotChange as error:
        refuse(visit, error)
    return back_to("course-people")


@page(INSTRUCTORS, "POST")
def take(visit: Visit, number: int) -> HttpResponse:
    """Take a role away."""
    role = get_object_or_404(StaffRole.objects.select_related("account"), pk=number)
    text, login = role_text(Role(role.role), role.section), role.account.login
    try:
        take_role(visit.store, role, by=visit.by)
        messages.success(visit.request, f"{login} is not {text} any more.")
    except CannotChange as error:
        refuse(visit, error)
    return back_to("course-people")


@page(INSTRUCTORS, "POST")
def let_in(visit: Visit, number: int) -> HttpResponse:
    """Shut an account, or let it in again."""
    account = get_object_or_404(Account, pk=number)
    is_active = visit.request.POST.get("active") == "yes"
    try:
        set_active(visit.store, account, is_active, by=visit.by)
        told = "may log in again" if is_active else "can't log in any more"
        messages.success(visit.request, f"{account.login} {told}.")
    except CannotChange as error:
        refuse(visit, error)
    return back_to("course-people")


@page(INSTRUCTORS, "POST")
def invite_one(visit: Visit, number: int) -> HttpResponse:
    """A link for one account, which nobody can see again."""
    account = get_object_or_404(Account, pk=number, is_active=True)
    ((_, secret),) = invite([account], visit.store, by=visit.by)
    link = link_of(settings.SERVED.address, secret)
    values = {"account": account, "link": link, "until": timezone.now() + LASTS}
    return show(visit, "invitation", "course-people", values)


@page(INSTRUCTORS, "POST")
def invite_all(visit: Visit) -> HttpResponse:
    """A CSV with a link for each account without a password, for a mail merge."""
    again = bool(visit.request.POST.get("again"))
    rows = no_password() if again else uninvited(timezone.now())
    invited = invite(rows.order_by("login"), visit.store, by=visit.by)
    if not invited:
        messages.info(visit.request, "There is nobody to invite.")
        return back_to("course-people")
    address = settings.SERVED.address
    text = csv_text(
        ("login", "name", "email", "link"),
        [(one.login, one.name, one.email, link_of(address, secret)) for one, secret in invited],
    )
    answer = HttpResponse("\ufeff" + text, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="invitations.csv"'
    return answer


def _role(text: str) -> Role:
    if text not in (Role.TA, Role.INSTRUCTOR):
        raise Http404("there is no such role")
    return Role(text)
