"""The addresses for logging in, and of one's own account.

Of allauth's own, only those that are used here: whatever else it has, such as signing up or
changing addresses, does not exist.
"""

from allauth.account import views
from django.urls import URLPattern, path

from grader.web.account import devices, inviting, own, sign_on
from grader.web.account.single_sign_on import PROVIDER

named = {"provider_id": PROVIDER}

urlpatterns: list[URLPattern] = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("university/login/", sign_on.sign_on, named, name="openid_connect_login"),
    path(
        "university/login/callback/",
        sign_on.sign_on_callback,
        named,
        name="openid_connect_callback",
    ),
    path("", own.own_account, name="account"),
    path("password/", own.change_password, name="account_change_password"),
    path("tokens/", own.make_own_token, name="account_tokens"),
    path("tokens/<int:number>/revoke/", own.revoke_token, name="account_revoke_token"),
    path("device/", devices.device, name="account_device"),
    path("invitation/<str:secret>/", inviting.accept, name="account_invitation"),
]
