"""`course account`: who may log in at the course's page, by whoever is at its machine.

Nobody has to be logged in for that: it is also the way back for an instructor who can't.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from grader.cli.terminal import json_option, people, print_json, results, table
from grader.cli.web_project import set_up_web
from grader.cli.workplace import Workplace, pass_workplace
from grader.course.complaints import did_you_mean
from grader.store import Store

if TYPE_CHECKING:
    from grader.web.models import Account

role_choice = click.Choice(["ta", "instructor"])
url_option = click.option(
    "--url",
    metavar="https://HOST",
    envvar="COURSE_URL",
    default="http://127.0.0.1:8000",
    show_default=True,
    help="How browsers reach the page, as for `course serve`.",
)


@click.group("account")
def account_command() -> None:
    """Make accounts of the course's web page, and change what they may do.

    Works beside a running `course serve`, and when nobody can log in there any more.
    """


@account_command.command("list")
@click.option("--staff", is_flag=True, help="Only TAs and instructors.")
@json_option
@pass_workplace
def list_command(workplace: Workplace, staff: bool, as_json: bool) -> None:
    """List the accounts, staff first."""
    with at_work(workplace):
        lines = [account_data(one) for one in accounts(staff=staff)]
    if as_json:
        print_json(lines)
        return
    rows = [
        (
            line["login"],
            line["name"],
            ", ".join(line["roles"]) or "–",
            "shut" if line["shut"] else line["password"],
        )
        for line in lines
    ]
    results().print(table(("login", "name", "is", "password"), rows, numbers_from=4))


@account_command.command("add")
@click.argument("login")
@click.option("--student", metavar="ID", help="It is that of this student on the roster.")
@click.option("--role", type=role_choice, help="It is somebody's of the staff.")
@click.option("--section", default="", help="The only section that a TA is for.")
@click.option("--name", default="", help="How they are called; of a student the roster says it.")
@click.option("--email", default="", help="By which single sign-on finds them.")
@click.option("--link", is_flag=True, help="Print a link by which they set a password, once.")
@click.option("--password-stdin", is_flag=True, help="Set the password that stdin has in a line.")
@url_option
@pass_workplace
def add_command(
    workplace: Workplace,
    login: str,
    student: str | None,
    role: str | None,
    section: str,
    name: str,
    email: str,
    link: bool,
    password_stdin: bool,
    url: str,
) -> None:
    """Make the account LOGIN: all of what is asked for, or nothing."""
    if link and password_stdin:
        raise click.UsageError("give --link or --password-stdin: one of them sets the password")
    if student is not None and (name or email):
        raise click.UsageError("name and address of a student are the roster's; leave them out")
    if section and role != "ta":
        raise click.UsageError("--section is for --role ta")
    with at_work(workplace) as store:
        from django.db import transaction

        from grader.web.account import staffing

        with transaction.atomic():
            if student is not None:
                row = workplace.student(student)
                account = staffing.make_student_account(store, row, login, by=workplace.by)
            else:
                account = staffing.make_staff_account(store, login, name, email, by=workplace.by)
            if role is not None:
                give(workplace, store, account, role, section)
            if password_stdin:
                staffing.set_password(store, account, password_line(), by=workplace.by)
        people().print(f"{login} has an account now", markup=False)
        if link:
            print_link(workplace, store, account, url)


@account_command.command("link")
@click.argument("login")
@url_option
@pass_workplace
def link_command(workplace: Workplace, login: str, url: str) -> None:
    """Print a link by which whoever has the account LOGIN sets a new password, once.

    Until then the old password holds. Earlier links end.
    """
    with at_work(workplace) as store:
        account = find_account(login)
        if not account.is_active:
            raise click.UsageError(f"{login} is shut: `course account shut {login} --undo` first")
        print_link(workplace, store, account, url)


@account_command.command("password")
@click.argument("login")
@pass_workplace
def password_command(workplace: Workplace, login: str) -> None:
    """Set the password of the account LOGIN: asked for twice, or the line that stdin has.

    Who is logged in with the old one is logged out.
    """
    with at_work(workplace) as store:
        from grader.web.account.staffing import set_password

        account = find_account(login)
        set_password(store, account, asked_password(), by=workplace.by)
    people().print(f"{login} has a new password", markup=False)


@account_command.command("role")
@click.argument("login")
@click.argument("role", type=role_choice)
@click.option("--section", default="", help="The only section that a TA is for.")
@click.option("--take", is_flag=True, help="Take the role away instead of giving it.")
@pass_workplace
def role_command(workplace: Workplace, login: str, role: str, section: str, take: bool) -> None:
    """Let the account LOGIN be a TA or an instructor, or not any more."""
    with at_work(workplace) as store:
        from grader.web.account.staffing import role_text, take_role
        from grader.web.models import StaffRole
        from grader.web.visits import Role

        account, text = find_account(login), role_text(Role(role), section)
        if not take:
            give(workplace, store, account, role, section)
        else:
            given = StaffRole.objects.filter(account=account, role=role, section=section).first()
            if given is None:
                raise click.UsageError(f"{login} is not {text}: `course account list` shows roles")
            take_role(store, given, by=workplace.by)
    people().print(f"{login} is {'not ' if take else ''}{text} now", markup=False)


@account_command.command("shut")
@click.argument("login")
@click.option("--undo", is_flag=True, help="Let them in again.")
@pass_workplace
def shut_command(workplace: Workplace, login: str, undo: bool) -> None:
    """Let nobody log in as LOGIN any more, by password, single sign-on or token."""
    with at_work(workplace) as store:
        from grader.web.account.staffing import set_active

        set_active(store, find_account(login), undo, by=workplace.by)
    people().print(f"{login} is {'let in again' if undo else 'shut'}", markup=False)


@contextmanager
def at_work(workplace: Workplace) -> Iterator[Store]:
    """The store, with the web's tables beside it. Django is set up before it is opened.

    What can't be done to an account within is told as a click error.
    """
    set_up_web(workplace)
    from grader.web.account.staffing import CannotChange

    try:
        yield workplace.stored
    except CannotChange as why:
        raise click.UsageError(str(why)) from why


def find_account(login: str) -> "Account":
    """The account of that login. Raises a click error with near ones."""
    from grader.web.models import Account

    found = Account.objects.filter(login=login).first()
    if found is None:
        known = Account.objects.values_list("login", flat=True)
        hint = did_you_mean(login, known) or "`course account list` shows all"
        raise click.UsageError(f"there is no account {login!r}; {hint}")
    return found


def give(workplace: Workplace, store: Store, account: "Account", role: str, section: str) -> None:
    """Give a role."""
    from grader.web.account.staffing import give_role
    from grader.web.visits import Role

    give_role(store, account, Role(role), section, by=workplace.by)


def print_link(workplace: Workplace, store: Store, account: "Account", url: str) -> None:
    """A new link on stdout; how long it holds on stderr."""
    from grader.web.account.inviting import LASTS, invite, link_of

    [(_, secret)] = invite([account], store, by=workplace.by)
    people().print(f"holds for {LASTS.days} days, and once:", markup=False)
    results().print(link_of(url.rstrip("/"), secret), markup=False, soft_wrap=True)


def asked_password() -> str:
    """A password from the terminal, else from stdin."""
    if not sys.stdin.isatty():
        return password_line()
    return click.prompt("New password", hide_input=True, confirmation_prompt=True, err=True)


def password_line() -> str:
    """What stdin has in a line."""
    return sys.stdin.readline().rstrip("\r\n")


def accounts(*, staff: bool) -> "list[Account]":
    """Those who have a role first; then by login."""
    from grader.web.models import Account

    rows = Account.objects.prefetch_related("roles").order_by("login")
    if staff:
        rows = rows.filter(roles__isnull=False).distinct()
    return sorted(rows, key=lambda one: not one.roles.all())  # type: ignore[attr-defined]


def account_data(account: "Account") -> dict[str, Any]:
    """An account for scripts."""
    from grader.web.account.staffing import role_text
    from grader.web.visits import Role

    roles = [
        role_text(Role(one.role), one.section)
        for one in account.roles.all()  # type: ignore[attr-defined]
    ]
    if account.student:
        roles.append(f"student {account.student}")
    return {
        "login": account.login,
        "name": account.name,
        "roles": roles,
        "password": "set" if account.password and account.has_usable_password() else "none",
        "shut": not account.is_active,
    }
