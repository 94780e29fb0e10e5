"""The instructors' pages about LMSs: which are registered, and which links of theirs lead where."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Max
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from grader.web.instructor.frame import PARTS
from grader.web.lti.keys import PUBLISHED_BEFORE, make_key
from grader.web.lti.launching import launch_address
from grader.web.lti.models import Identified, Link, Person, Platform, Sent, ToolKey
from grader.web.lti.registering import PlatformForm, deployments_of, forget, register, switch
from grader.web.visits import INSTRUCTORS, Visit, page

PART = "course-lti"


def show(visit: Visit, template: str, values: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """A page of this part of the course."""
    frame = {
        "here": "course",
        "part": PART,
        "parts": PARTS,
        "edit_waits": visit.current.waits,
    }
    return render(visit.request, f"web/lti/{template}.html", {**frame, **values}, status=status)


@page(INSTRUCTORS)
def overview(visit: Visit) -> HttpResponse:
    """What to type into the LMS, which LMSs there are, and the assignments that they link to."""
    people = dict(Person.objects.values_list("issuer").annotate(Count("pk")))
    platforms = [
        (one, deployments_of(one), people.get(one.issuer, 0))
        for one in Platform.objects.order_by("-is_active", "name")
    ]
    links = list(Link.objects.select_related("deployment__platform").order_by("pk"))
    named = {link.assignment for link in links}
    sent = {row["assignment"]: row for row in _sent_so_far()}
    linked = [
        (one, [link for link in links if link.assignment == one.name], sent.get(one.name))
        for one in visit.course.assignments.values()
        if one.name in named
    ]
    values = {
        "addresses": _addresses(),
        "platforms": platforms,
        "linked": linked,
        "unlinked": [one for one in visit.course.assignments.values() if one.name not in named],
        "nowhere": [link for link in links if link.assignment not in visit.course.assignments],
        "key": ToolKey.objects.order_by("-pk").first(),
        "example": next(iter(visit.course.assignments), "ps1"),
    }
    return show(visit, "overview", values)


@page(INSTRUCTORS, "GET", "POST")
def new_platform(visit: Visit) -> HttpResponse:
    """Register an LMS."""
    return _platform(visit, None)


@page(INSTRUCTORS, "GET", "POST")
def one_platform(visit: Visit, number: int) -> HttpResponse:
    """Change what is known of an LMS."""
    return _platform(visit, get_object_or_404(Platform, pk=number))


@page(INSTRUCTORS, "POST")
def switch_platform(visit: Visit, number: int) -> HttpResponse:
    """Switch an LMS off, or on again."""
    platform = get_object_or_404(Platform, pk=number)
    on = visit.request.POST.get("active") == "yes"
    switch(platform, visit.store, on=on, by=visit.by)
    told = "may log people in again" if on else "logs nobody in any more, and gets no scores"
    messages.success(visit.request, f"{platform.name} {told}.")
    return HttpResponseRedirect(reverse(PART))


@page(INSTRUCTORS, "POST")
def forget_person(visit: Visit, number: int) -> HttpResponse:
    """Unlink an account from a person of the LMS."""
    platform = get_object_or_404(Platform, pk=number)
    login = visit.request.POST.get("login", "").strip()
    if forget(platform, login, visit.store, by=visit.by):
        messages.success(visit.request, f"{login} is not linked to {platform.name} any more.")
    else:
        messages.error(visit.request, f"No account {login!r} is linked to {platform.name}.")
    return HttpResponseRedirect(reverse("course-lti-platform", args=[number]))


@page(INSTRUCTORS, "POST")
def new_key(visit: Visit) -> HttpResponse:
    """Make a new key to sign with."""
    make_key(timezone.now())
    detail = f"used from {PUBLISHED_BEFORE.days} day on"
    visit.store.record.note(by=visit.by, what="LTI key made", subject="LTI key", detail=detail)
    messages.success(
        visit.request,
        "A new key is published. It is used from tomorrow on, and the old one then taken away.",
    )
    return HttpResponseRedirect(reverse(PART))


def _platform(visit: Visit, known: Platform | None) -> HttpResponse:
    request = visit.request
    form = PlatformForm(request.POST) if request.method == "POST" else _form_of(known)
    if request.method == "POST" and form.is_valid():
        kept = register(form, visit.store, by=visit.by, now=visit.now, known=known)
        if kept is not None:
            messages.success(request, f"{kept.name} is {'changed' if known else 'registered'}.")
            return HttpResponseRedirect(reverse(PART))
    values = {
        "form": form,
        "platform": known,
        "identified": Identified.choices,
        "addresses": _addresses(),
    }
    return show(visit, "platform", values, status=400 if form.errors else 200)


def _form_of(known: Platform | None) -> PlatformForm:
    if known is None:
        return PlatformForm(initial={"identified_by": Identified.SOURCED_ID})
    fields = [name for name in PlatformForm.base_fields if name != "deployments"]
    initial = {name: getattr(known, name) for name in fields}
    return PlatformForm(initial={**initial, "deployments": "\n".join(deployments_of(known))})


def _addresses() -> tuple[tuple[str, str], ...]:
    """What an LMS must know of us, in the words of most of them."""
    base = settings.SERVED.address
    return (
        ("Initiation URL", f"{base}{reverse('lti_login')}"),
        ("Redirect URL", launch_address()),
        ("Target link URI", launch_address()),
        ("Public keyset (JWKS) URL", f"{base}{reverse('lti_keys')}"),
    )


def _sent_so_far() -> Any:
    """By assignment, how many scores were sent, and when the last one was."""
    return Sent.objects.values("assignment").annotate(times=Count("pk"), last=Max("at"))
