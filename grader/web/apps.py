"""The Django app of the web's own tables: accounts, roles, tokens."""

from django.apps import AppConfig

from grader.web.logged import keep_logs_short


class WebConfig(AppConfig):
    """Named `web` in migrations and relations."""

    name = "grader.web"
    label = "web"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Before anything is answered."""
        keep_logs_short()
