"""One's own account: name, time zone, password, and what may act for one."""

from collections.abc import Iterable
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from allauth.account import views
from allauth.socialaccount.models import SocialAccount
from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from grader.web.account.tokens import LABEL_LETTERS, TooMany, make_token, standing_tokens
from grader.web.visits import EVERYBODY, Visit, page

LASTS = ((7, "a week"), (30, "30 days"), (120, "a term (120 days)"), (366, "a year"))


class OwnForm(forms.Form):
    """What people may change of their account."""

    name = forms.CharField(max_length=255, required=False)
    zone = forms.CharField(max_length=64, required=False)

    def clean_zone(self) -> str:
        """A zone that there is, or none for the course's."""
        zone: str = self.cleaned_data["zone"]
        if zone and zone not in available_timezones():
            raise forms.ValidationError(f"There is no time zone {zone!r}.")
        return zone


class TokenForm(forms.Form):
    """What a new token is called, and how long it lasts."""

    label = forms.CharField(
        max_length=LABEL_LETTERS, error_messages={"required": "Say what the token is for."}
    )
    days = forms.TypedChoiceField(choices=LASTS, coerce=int)


@page(EVERYBODY, "GET", "POST")
def own_account(visit: Visit) -> HttpResponse:
    """What is known of who asks; a POST changes name and zone."""
    if visit.request.method != "POST":
        return _show(visit)
    form = OwnForm(visit.request.POST)
    if not form.is_valid():
        return _show(visit, form, status=400)
    account = visit.visitor.account
    account.name, account.zone = form.cleaned_data["name"], form.cleaned_data["zone"]
    account.save(update_fields=["name", "zone"])
    messages.success(visit.request, "Saved.")
    return HttpResponseRedirect(reverse("account"))


@page(EVERYBODY, "POST")
def make_own_token(visit: Visit) -> HttpResponse:
    """Make a token. The answer shows it, and nothing else ever does."""
    form = TokenForm(visit.request.POST)
    if not form.is_valid():
        return _show(visit, form, status=400)
    values = form.cleaned_data
    try:
        token, text = make_token(visit.visitor.account, values["label"], values["days"])
    except TooMany as why:
        messages.error(visit.request, str(why))
        return HttpResponseRedirect(reverse("account"))
    return render(visit.request, "web/account/token.html", {"token": token, "text": text})


@page(EVERYBODY, "POST")
def revoke_token(visit: Visit, number: int) -> HttpResponse:
    """End one of one's own tokens."""
    token = get_object_or_404(standing_tokens(visit.visitor.account), pk=number)
    token.delete()
    messages.success(visit.request, f"“{token.label}” can't be used any more.")
    return HttpResponseRedirect(reverse("account"))


@page(EVERYBODY, "GET", "POST")
def change_password(visit: Visit) -> HttpResponse:
    """A new password, by the old one. It logs out everywhere else; tokens stay."""
    if not visit.visitor.account.has_usable_password():
        messages.info(
            visit.request,
            "You have no password to change. Ask the teaching staff for a link by which you set "
            "one.",
        )
        return HttpResponseRedirect(reverse("account"))
    return views.password_change(visit.request)


def _show(visit: Visit, form: forms.Form | None = None, *, status: int = 200) -> HttpResponse:
    account = visit.visitor.account
    values: dict[str, Any] = {
        "form": form,
        "account": account,
        "student": visit.visitor.student,
        "sections": sorted(visit.visitor.sections or ()),
        "roles": sorted(visit.visitor.roles),
        "zones": zones_by_area(),
        "course_zone": visit.course.zone.key,
        "tokens": standing_tokens(account),
        "lasts": LASTS,
        "has_password": account.has_usable_password(),
        "sign_ons": SocialAccount.objects.filter(user=account),
    }
    return render(visit.request, "web/account/own.html", values, status=status)


@cache
def zones_by_area() -> dict[str, tuple[str, ...]]:
    """The time zones for a choice, by the part of the world that their names begin with."""
    return grouped(available_timezones())


def grouped(zones: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Zones by their first word; those without one under `Other`, and at the end.

    >>> grouped(["Europe/Rome", "UTC", "Asia/Tokyo", "Etc/GMT+1", "Europe/Oslo"])
    {'Asia': ('Asia/Tokyo',), 'Europe': ('Europe/Oslo', 'Europe/Rome'), 'Other': ('UTC',)}
    """
    found: dict[str, list[str]] = {}
    for zone in sorted(zones):
        area, _, place = zone.partition("/")
        if area not in {"Etc", "SystemV", "posix", "right"}:
            found.setdefault(area if place else "Other", []).append(zone)
    other = found.pop("Other", [])
    return {area: tuple(names) for area, names in {**found, "Other": other}.items()}
