"""Whose account it is that the university lets in, by what it says of them."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.hashers import make_password

from grader.store import Store, StudentRow
from grader.web.models import Account


class NotKnown(Exception):
    """Nobody here is that person, or it isn't clear who; the message is for them."""


def account_for(claims: Mapping[str, Any], store: Store, *, claim: str) -> Account:
    """The account of whom the claims are of; a student on the roster gets one if need be.

    By a verified address that one person here has, else by the roster's identifier, in the claim
    of that name if there is one. Raises `NotKnown`.
    """
    students = store.roster.students()
    email = str(claims.get("email") or "").casefold()
    is_verified = claims.get("email_verified") in (True, "true")
    if email and is_verified and (found := _by_email(email, students, store)):
        return found
    identifier = claims.get(claim) if claim else None
    for student in students:
        if student.identifier == identifier:
            return account_of_student(student, store)
    if email and not is_verified:
        raise NotKnown(f"The university does not say that the address {email} is yours.")
    raise NotKnown(f"Nobody in this course has the address {email or 'that you have'}.")


def _by_email(email: str, students: tuple[StudentRow, ...], store: Store) -> Account | None:
    """The one person who has the address, on the roster or of the staff; None for nobody."""
    theirs = [student for student in students if student.email.casefold() == email]
    names = {student.identifier for student in theirs}
    accounts = [
        account
        for account in Account.objects.filter(email__iexact=email)
        # One that is the student's is the same person.
        if account.student not in names
    ]
    if len(theirs) + len(accounts) > 1:
        raise NotKnown(f"More than one person in this course has the address {email}.")
    if theirs:
        return account_of_student(theirs[0], store)
    return accounts[0] if accounts else None


def account_of_student(student: StudentRow, store: Store) -> Account:
    """The account of a student on the roster, made if there is none. Raises `NotKnown`."""
    name = student.identifier
    accounts = list(Account.objects.filter(student=name)[:2])
    if len(accounts) == 1:
        return accounts[0]
    if accounts or Account.objects.filter(login__iexact=name).exists():
        raise NotKnown(f"You are {name} on the roster, and it isn't clear which account is yours.")
    account, is_new = Account.objects.get_or_create(
        login=name, defaults={"student": name, "password": make_password(None)}
    )
    if is_new:
        store.record.note(
            by=name, what="account made", subject=name, detail="at the first single sign-on"
        )
    return account
