"""Times, points and the like, in one form on all pages: `{% load wording %}`."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from grader.report.wording import points_text

register = template.Library()


@register.filter
def when(moment: datetime | None) -> SafeString | str:
    """A time in the visitor's zone, such as `Thu 11 Feb 2027, 23:59 EST`; a dash for none."""
    if moment is None:
        return "–"
    local = timezone.localtime(moment)
    shown = f"{local:%a} {local.day} {local:%b %Y, %H:%M %Z}"
    return format_html('<time datetime="{}">{}</time>', local.isoformat(), shown)


@register.filter
def points(value: float | None) -> str:
    """Points, rounded as in reports; a dash for none."""
    return "–" if value is None else points_text(value)
