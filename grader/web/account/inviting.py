"""Invitations: a link by which somebody sets a password, once. Only its hash is kept."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib import messages
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from grader.store import Store
from grader.web.account.tokens import digest_of
from grader.web.models import Account, Invitation
from grader.web.place import place

LASTS = timedelta(days=14)
# Rows that are written at a time.
_AT_ONCE = 500


def invite(accounts: Iterable[Account], store: Store, *, by: str) -> list[tuple[Account, str]]:
    """A new link's secret for each of these accounts; older links of theirs end."""
    invited = list(accounts)
    secrets_of = [(account, secrets.token_urlsafe(32)) for account in invited]
    expires = timezone.now() + LASTS
    with transaction.atomic():
        for start in range(0, len(invited), _AT_ONCE):
            some = [account.pk for account in invited[start : start + _AT_ONCE]]
            standing(timezone.now()).filter(account__in=some).delete()
        Invitation.objects.bulk_create(
            (
                Invitation(account=account, digest=digest_of(secret), expires_at=expires)
                for account, secret in secrets_of
            ),
            batch_size=_AT_ONCE,
        )
        if invited:
            names = ", ".join(account.login for account in invited)
            store.record.note(
                by=by,
                what="invited to set a password",
                subject=names if len(invited) == 1 else f"{len(invited)} accounts",
                detail="" if len(invited) == 1 else names,
            )
    return secrets_of


def standing(now: datetime) -> "QuerySet[Invitation]":
    """The invitations that can be used."""
    rows = Invitation.objects.filter(used_at=None, expires_at__gt=now)
    return rows.filter(account__is_active=True)


def link_of(address: str, secret: str) -> str:
    """What an invited person opens; `address` is the site's."""
    return address + reverse("account_invitation", args=[secret])


@sensitive_variables("secret", "password")
@sensitive_post_parameters("password1", "password2")
def accept(request: HttpRequest, secret: str) -> HttpResponse:
    """The page that an invitation opens; a POST sets the password and ends the invitation."""
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponseNotAllowed(["GET", "POST"])
    rows = standing(timezone.now()).select_related("account")
    found = rows.filter(digest=digest_of(secret)).first()
    if found is None:
        values = {
            "title": "This link can't be used any more",
            "advice": "It was used, took the place of another, or is older than "
            f"{LASTS.days} days. Ask the teaching staff for a new one.",
        }
        return render(request, "web/failed.html", values, status=410)
    if request.method != "POST":
        return _show(request, found)
    password = request.POST.get("password1", "")
    try:
        if password != request.POST.get("password2", ""):
            raise ValidationError("The two are not the same.")
        password_validation.validate_password(password, found.account)
    except ValidationError as error:
        return _show(request, found, error.messages, status=400)
    if not _use(found, password):
        return HttpResponseRedirect(request.path)
    messages.success(request, "Your password is set. Log in with it.")
    return HttpResponseRedirect(reverse("account_login"))


def _use(found: Invitation, password: str) -> bool:
    """Set the password and end all of the account's links; False if somebody was first."""
    now, store = timezone.now(), place().store  # opened before the transaction, which it would end
    with transaction.atomic():
        if not standing(now).filter(pk=found.pk).update(used_at=now):
            return False
        found.account.set_password(password)
        found.account.save(update_fields=["password"])
        standing(now).filter(account=found.account).update(used_at=now)
        login = found.account.login
        store.record.note(
            by=login, what="password set", subject=login, detail="by a link that staff made"
        )
    return True


def _show(
    request: HttpRequest, found: Invitation, problems: Iterable[str] = (), *, status: int = 200
) -> HttpResponse:
    values = {"account": found.account, "problems": list(problems), "expires": found.expires_at}
    return render(request, "web/account/invitation.html", values, status=status)
