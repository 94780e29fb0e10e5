"""Asking the API as a script does, with a token."""

from typing import Any

from django.test import Client

from grader.web.account.tokens import make_token
from grader.web.models import Account

ROOT = "/api/v1/"


class Script:
    """A script that has a token of somebody; or another text, or none."""

    def __init__(self, login: str = "", *, token: str = "", **options: Any) -> None:
        account = Account.objects.get(login=login) if login else None
        self.token = token or (make_token(account, "a test", 7)[1] if account else "")
        self._client = Client(enforce_csrf_checks=True, **options)

    def get(self, path: str) -> Any:
        return self._client.get(ROOT + path, headers=self._headers())

    def post(self, path: str, body: Any = None) -> Any:
        """Post JSON."""
        return self._client.post(
            ROOT + path, body or {}, content_type="application/json", headers=self._headers()
        )

    def delete(self, path: str) -> Any:
        return self._client.delete(ROOT + path, headers=self._headers())

    def hand_in(self, assignment: str, file: Any) -> Any:
        path = f"{ROOT}assignments/{assignment}/submissions"
        return self._client.post(path, {"file": file}, headers=self._headers())

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"} if self.token else {}


def body_of(answer: Any) -> bytes:
    """The bytes of an answer, streamed or not."""
    return b"".join(answer.streaming_content) if answer.streaming else answer.content
