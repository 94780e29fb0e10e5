"""The Django app of LTI's own tables."""

from django.apps import AppConfig


class LtiConfig(AppConfig):
    """Named `weblti` in migrations and relations."""

    name = "grader.web.lti"
    label = "weblti"
    default_auto_field = "django.db.models.BigAutoField"
