"""Registering an LMS: what instructors type, and what changes by it. All of it is in the record."""

from collections.abc import Collection
from datetime import datetime

from django import forms
from django.db import transaction
from django.utils import timezone

from grader.store import Store
from grader.web.account.single_sign_on import is_private
from grader.web.lti.keys import make_first_key
from grader.web.lti.models import Deployment, Identified, Person, Platform

_ADDRESSES = ("login_url", "token_url", "keys_url")
_TEXTS = ("name", "issuer", "client", *_ADDRESSES, "identified_by", "emails_verified")
_LETTERS = 255


class PlatformForm(forms.Form):
    """An LMS, as its administrators tell it."""

    name = forms.CharField(max_length=128, label="Name, for people")
    issuer = forms.CharField(max_length=_LETTERS, label="Issuer (platform id)")
    client = forms.CharField(max_length=_LETTERS, label="Client id")
    login_url = forms.CharField(max_length=1024, label="Authentication request URL")
    token_url = forms.CharField(max_length=1024, label="Access token URL")
    keys_url = forms.CharField(max_length=1024, label="Public keyset (JWKS) URL")
    deployments = forms.CharField(
        widget=forms.Textarea, required=False, label="Deployment ids, one a line"
    )
    identified_by = forms.ChoiceField(
        choices=Identified.choices, required=False, label="The roster's id of a student is in"
    )
    emails_verified = forms.BooleanField(required=False)

    def clean(self) -> dict[str, object]:
        """Addresses that nobody can listen to, and deployments one a line."""
        values = super().clean() or {}
        for name in _ADDRESSES:
            address = values.get(name)
            if address is not None and not _is_address(address):
                self.add_error(
                    name,
                    f"{address[:200]} can't be asked safely: it must begin with https:// (http:// "
                    "only for an LMS on this machine), and have no password and no # in it.",
                )
        deployments = values.get("deployments", "").split()
        long = [one for one in deployments if len(one) > _LETTERS]
        if long:
            self.add_error("deployments", f"{long[0][:50]}... has more than {_LETTERS} letters.")
        values["deployments"] = list(dict.fromkeys(deployments))
        return values


def register(
    form: PlatformForm, store: Store, *, by: str, now: datetime, known: Platform | None = None
) -> Platform | None:
    """Keep what a valid form says, of a new LMS or instead of what is known of one.

    None where another one has its issuer and client already: the form then says so.
    """
    values = form.cleaned_data
    told = {name: values[name] for name in _TEXTS}
    same = Platform.objects.filter(issuer=told["issuer"], client=told["client"])
    if same.exclude(pk=known.pk if known else None).exists():
        form.add_error("client", "An LMS of that issuer is registered with that client id already.")
        return None
    make_first_key(timezone.now())
    with transaction.atomic():
        platform = known or Platform(created_at=now)
        old = {name: getattr(platform, name) for name in _TEXTS} if known else {}
        for name, value in told.items():
            setattr(platform, name, value)
        platform.save()
        deployed = _deploy(platform, values["deployments"])
    changed = [f"{name}: {told[name]}" for name in _TEXTS if old.get(name) != told[name]]
    if changed or deployed:
        store.record.note(
            by=by,
            what="LMS changed" if known else "LMS registered",
            subject=platform.name,
            detail="; ".join([*changed, *deployed]),
        )
    return platform


def deployments_of(platform: Platform) -> list[str]:
    """The deployments that may launch, in the order in which they were added."""
    rows = Deployment.objects.filter(platform=platform, is_active=True).order_by("pk")
    return list(rows.values_list("identifier", flat=True))


def switch(platform: Platform, store: Store, *, on: bool, by: str) -> None:
    """Let an LMS log people in and take scores, or no more; nothing of it is forgotten."""
    platform.is_active = on
    platform.save(update_fields=["is_active"])
    what = "LMS switched on" if on else "LMS switched off"
    store.record.note(by=by, what=what, subject=platform.name, detail=platform.issuer)


def forget(platform: Platform, login: str, store: Store, *, by: str) -> int:
    """Unlink an account from whom the LMS means by it; how many links that were.

    Whoever launches next is looked up anew.
    """
    rows = Person.objects.filter(issuer=platform.issuer, account__login=login)
    subjects = list(rows.values_list("subject", flat=True))
    rows.delete()
    if subjects:
        store.record.note(
            by=by,
            what="account unlinked",
            subject=login,
            detail=f"from {', '.join(subjects)} of {platform.name}",
        )
    return len(subjects)


def _deploy(platform: Platform, wanted: Collection[str]) -> list[str]:
    """Make these the deployments that may launch; what that changed, for the record."""
    before = set(deployments_of(platform))
    for identifier in wanted:
        Deployment.objects.update_or_create(
            platform=platform, identifier=identifier, defaults={"is_active": True}
        )
    gone = before - set(wanted)
    Deployment.objects.filter(platform=platform, identifier__in=gone).update(is_active=False)
    added = [f"deployment {one} added" for one in wanted if one not in before]
    return [*added, *(f"deployment {one} taken away" for one in sorted(gone))]


def _is_address(address: str) -> bool:
    try:
        return is_private(address) and "#" not in address and "@" not in address.split("?")[0]
    except ValueError:
        return False
