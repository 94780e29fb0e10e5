"""The Django app of the store."""

from django.apps import AppConfig


class StoreConfig(AppConfig):
    """The app `store`; its migrations lie beside it."""

    name = "grader.store"
    label = "store"
    default_auto_field = "django.db.models.BigAutoField"
