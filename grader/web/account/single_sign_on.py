"""Which single sign-on the university has, as the environment says it. Needs no Django."""

import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from grader.outcomes import GraderError

# In addresses and in the database. Of the university it is asked to send people back to
# `https://HOST/account/university/login/callback/`.
PROVIDER = "university"
NEEDED = ("COURSE_OIDC_NAME", "COURSE_OIDC_ISSUER", "COURSE_OIDC_CLIENT", "COURSE_OIDC_SECRET")
CLAIM = "COURSE_OIDC_CLAIM"


def sign_on_settings(environment: Mapping[str, str]) -> dict[str, Any]:
    """allauth's `SOCIALACCOUNT_PROVIDERS`; empty where no single sign-on is named.

    Raises `GraderError` where it is named in part only, or reached in the clear.
    """
    told = {name: environment.get(name, "").strip() for name in (*NEEDED, CLAIM)}
    missing = [name for name in NEEDED if not told[name]]
    if len(missing) == len(NEEDED):
        return {}
    if missing:
        raise GraderError(
            f"the university's sign-on is set in part: {', '.join(missing)} is missing. Set "
            f"{', '.join(NEEDED)}, or none of them."
        )
    issuer = told["COURSE_OIDC_ISSUER"].rstrip("/")
    if not is_private(issuer):
        raise GraderError(
            f"COURSE_OIDC_ISSUER is {issuer!r}; it must begin with https://, as nobody may read or "
            "change what the university says of people."
        )
    app = {
        "provider_id": PROVIDER,
        "name": told["COURSE_OIDC_NAME"],
        "client_id": told["COURSE_OIDC_CLIENT"],
        "secret": told["COURSE_OIDC_SECRET"],
        "settings": {
            "server_url": issuer,
            "claim": told[CLAIM],
            "scope": ["openid", "profile", "email"],
            "oauth_pkce_enabled": True,
        },
    }
    return {"openid_connect": {"APPS": [app]}}


def is_private(address: str) -> bool:
    """Whether nobody else can read what is sent to an address: by https, or on this machine.

    >>> is_private("https://idp.example.edu"), is_private("http://127.0.0.1:80/x")
    (True, True)
    >>> is_private("http://idp.example.edu"), is_private("https:///nowhere")
    (False, False)
    """
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme == "https":
        return bool(host)
    return parts.scheme == "http" and is_loopback(host)


def is_loopback(host: str) -> bool:
    """Whether that is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
