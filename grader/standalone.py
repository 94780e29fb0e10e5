"""HTML pages that stand alone: Django's template engine by itself, everything escaped, no script.

A page carries its style sheet, its plots and a policy that forbids all else, so that it reads
the same from a disk, from a server or in a mail, and a stranger's text can do nothing in it.
"""

import base64
import hashlib
from functools import cached_property
from pathlib import Path

from django.template import Context, Engine
from django.utils.safestring import mark_safe

# Shown where a template names what its view lacks; a test looks for it in every page.
UNKNOWN_NAME = "⟦unknown name⟧"


class StandalonePages:
    """Pages made of the templates in a folder, which holds their `style.css` too."""

    def __init__(self, templates: Path) -> None:
        self._templates = templates

    def render(self, template: str, values: dict[str, object]) -> str:
        """A page of these values, with its style sheet and policy."""
        css, policy = self._style
        values = {**values, "css": mark_safe(css), "policy": mark_safe(policy)}
        # Left open, this one would have the engine ask Django's settings, which there may not be.
        context = Context(values, autoescape=True, use_l10n=False)
        return self._engine.get_template(template).render(context)

    @cached_property
    def _engine(self) -> Engine:
        return Engine(dirs=[str(self._templates)], string_if_invalid=UNKNOWN_NAME)

    @cached_property
    def _style(self) -> tuple[str, str]:
        """The style sheet and the content security policy that allows it and nothing else."""
        css = "\n" + (self._templates / "style.css").read_text(encoding="utf-8")
        digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
        policy = (
            f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
        )
        return css, policy
