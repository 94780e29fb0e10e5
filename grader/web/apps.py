"""The Django app of the web's own tables: accounts, roles, tokens."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Named `web` in migrations and relations."""

    name = "grader.web"
    label = "web"
    default_auto_field = "django.db.models.BigAutoField"
