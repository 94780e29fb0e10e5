"""Short times and commands in sentences, for instructors: `{% load instructing %}`."""

import re
from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

_CODE = re.compile(r"`([^`]+)`")


@register.filter
def briefly(moment: datetime | None) -> SafeString | str:
    """A time for a narrow column, such as `11 Feb 23:59`; a dash for none."""
    if moment is None:
        return "–"
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(),
        f"{local:%a} {local.day} {local:%b %Y, %H:%M %Z}",
        f"{local.day} {local:%b %H:%M}",
    )


@register.filter
def coded(text: str) -> SafeString:
    """A sentence in which what stands in backticks is code; all of it is escaped.

    >>> coded("run `course check <ps1>`")
    'run <code>course check &lt;ps1&gt;</code>'
    """
    return mark_safe(_CODE.sub(r"<code>\1</code>", escape(text)))
