"""The Django project, made for one data folder when it is served."""

import hashlib
import hmac
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from grader.store import database_settings
from grader.web.account.single_sign_on import sign_on_settings

_HERE = Path(__file__).parent
# Uploads beyond this are not read; what an assignment takes is checked after that, and is less.
UPLOAD_BYTES = 64 << 20
# What is counted against guessing passwords; thrown away at random beyond this many logins.
_COUNTED = 100_000


@dataclass(frozen=True)
class Served:
    """What is served. `address` is how browsers reach it, such as `https://grades.example.edu`."""

    course_file: Path
    data: Path
    address: str
    roster: Path | None = None
    now: str | None = None


def settings_for(served: Served, secret: bytes) -> dict[str, Any]:
    """Django's settings. `secret` is the course's: cookies are signed with a key made from it.

    Raises `GraderError` where the environment says something of them that can't be.
    """
    host = urlsplit(served.address)
    is_https = host.scheme == "https"
    database = database_settings(served.data)
    # By that name browsers take a cookie from this host alone. Else another one of the university's
    # could log somebody in as somebody else: what they hand in would be the other's.
    ours = "__Host-" if is_https else ""
    return {
        "SERVED": served,
        "SECRET_KEY": hmac.new(secret, b"web cookies", hashlib.sha256).hexdigest(),
        "DEBUG": False,
        "ALLOWED_HOSTS": sorted({host.hostname or "localhost", "localhost", "127.0.0.1", "[::1]"}),
        "CSRF_TRUSTED_ORIGINS": [f"{host.scheme}://{host.netloc}"],
        **tables_settings(),
        "MIDDLEWARE": [
            "django.middleware.security.SecurityMiddleware",
            "whitenoise.middleware.WhiteNoiseMiddleware",
            "grader.web.guarding.headers",
            "grader.web.guarding.one_connection",
            "grader.web.shares.counted",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "allauth.account.middleware.AccountMiddleware",
            "django_htmx.middleware.HtmxMiddleware",
            "grader.web.failing.Unavailable",
        ],
        "ROOT_URLCONF": "grader.web.urls",
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [str(_HERE / "templates")],
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                        "grader.web.frame.frame",
                    ],
                    "string_if_invalid": "",
                },
            }
        ],
        "DATABASES": {
            "default": {
                **database,
                "CONN_MAX_AGE": None,
                "CONN_HEALTH_CHECKS": True,
            }
        },
        "USE_I18N": False,
        "STATIC_URL": "/static/",
        "WHITENOISE_USE_FINDERS": True,
        "WHITENOISE_AUTOREFRESH": False,
        "WHITENOISE_MAX_AGE": 3600,
        "WHITENOISE_ALLOW_ALL_ORIGINS": False,
        "DATA_UPLOAD_MAX_MEMORY_SIZE": 4 << 20,
        "DATA_UPLOAD_MAX_NUMBER_FIELDS": 4000,
        "DATA_UPLOAD_MAX_NUMBER_FILES": 10,
        "FILE_UPLOAD_MAX_MEMORY_SIZE": 4 << 20,
        "SESSION_COOKIE_SECURE": is_https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_NAME": f"{ours}course_session",
        "SESSION_EXPIRE_AT_BROWSER_CLOSE": True,
        "SESSION_COOKIE_AGE": 7 * 86400,
        "CSRF_COOKIE_SECURE": is_https,
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_NAME": f"{ours}course_csrf",
        "CSRF_FAILURE_VIEW": "grader.web.failing.csrf_failed",
        "SECURE_CONTENT_TYPE_NOSNIFF": True,
        "SECURE_REFERRER_POLICY": "same-origin",
        "SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin",
        "SECURE_HSTS_SECONDS": 30 * 86400 if is_https else 0,
        "LOGGING_CONFIG": None,
        "CACHES": {"default": _cache(database)},
        "ACCOUNT_DEFAULT_HTTP_PROTOCOL": host.scheme,
        **_login_settings(),
    }


def tables_settings() -> dict[str, Any]:
    """What Django must know to read and write the tables, served or not."""
    return {
        "INSTALLED_APPS": [
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            "django.contrib.staticfiles",
            "grader.store",
            "grader.web",
            "grader.web.lti",
            "allauth",
            "allauth.account",
            "allauth.socialaccount",
            "allauth.socialaccount.providers.openid_connect",
            "django_htmx",
        ],
        # Whose rows are in a backup, beside the store's; by their labels.
        "COURSE_APPS": ("web", "weblti", "account", "socialaccount"),
        "AUTH_USER_MODEL": "web.Account",
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "USE_TZ": True,
        "TIME_ZONE": "UTC",
    }


def _login_settings() -> dict[str, Any]:
    return {
        "AUTHENTICATION_BACKENDS": ["allauth.account.auth_backends.AuthenticationBackend"],
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.Argon2PasswordHasher"],
        "AUTH_PASSWORD_VALIDATORS": [
            {
                "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
                "OPTIONS": {"min_length": 12},
            },
            {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
            {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
        ],
        "LOGIN_URL": "account_login",
        "LOGIN_REDIRECT_URL": "/",
        "LOGOUT_REDIRECT_URL": "/",
        "ACCOUNT_ADAPTER": "grader.web.account.adapters.AccountAdapter",
        "SOCIALACCOUNT_ADAPTER": "grader.web.account.adapters.UniversityAdapter",
        "ACCOUNT_USER_MODEL_USERNAME_FIELD": "login",
        "ACCOUNT_USER_MODEL_EMAIL_FIELD": "email",
        "ACCOUNT_LOGIN_METHODS": {"username"},
        "ACCOUNT_SIGNUP_FIELDS": ["username*", "password1*"],
        "ACCOUNT_EMAIL_VERIFICATION": "none",
        "ACCOUNT_SESSION_REMEMBER": None,
        "ACCOUNT_LOGOUT_ON_GET": False,
        # Wrong passwords: five in five minutes for one account, thirty a minute from one address.
        # A whole lecture hall may have one address; a browser in which its user logged in before is
        # counted apart, so that others keep nobody out.
        "ACCOUNT_RATE_LIMITS": {
            "login": "600/m/ip",
            "login_failed": "30/m/ip,5/5m/key",
            "login_failed_known": "5/5m/key",
            "device": "60/m/ip",
            "device_code": "10/m/user",
        },
        "SOCIALACCOUNT_PROVIDERS": sign_on_settings(os.environ),
    }


def _cache(database: dict[str, Any]) -> dict[str, Any]:
    """Where guesses are counted: for all processes that serve the course.

    SQLite's course is served by one.
    """
    options = {"OPTIONS": {"MAX_ENTRIES": _COUNTED}}
    if "sqlite3" in database["ENGINE"]:
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", **options}
    return {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "web_cache",
        **options,
    }
