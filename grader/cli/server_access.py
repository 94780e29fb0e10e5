"""Asking a course's server by its API, and saying what is wrong where it answers otherwise."""

from pathlib import Path
from typing import Any

import click
import requests
from requests.auth import AuthBase

from grader.cli.server_tokens import token_for
from grader.outcomes import GraderError

# To connect, and to wait for an answer: taking in 20 MB over a slow line takes a while.
SECONDS = (10, 300)


class ServerRefused(click.ClickException):
    """The server refused; `status` is HTTP's. The message is for people, with what to do."""

    def __init__(self, status: int, told: dict[str, Any]) -> None:
        self.status = status
        self.told = told
        words = (str(told.get("detail", "")), str(told.get("hint", "")))
        super().__init__(" ".join(word for word in words if word) or f"it was refused ({status})")


class _Bearer(AuthBase):
    """Shows the token. Given as such, so that no password of ~/.netrc is sent instead."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Server:
    """A course's server. Without a token it answers little."""

    def __init__(self, address: str, token: str = "") -> None:
        self.address = address
        self._token = token

    @classmethod
    def logged_in(cls, address: str) -> "Server":
        """The server, with one's token for it. Raises a click error where there is none."""
        return cls(address, token_for(address))

    def get(self, path: str) -> Any:
        """What it says. Raises `ServerRefused`, other click errors, and `GraderError`."""
        return self._ask("GET", path)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The same for what changes something."""
        return self._ask("POST", path, json=body)

    def send_file(self, path: str, file: Path) -> Any:
        """The same with a file."""
        with file.open("rb") as data:
            return self._ask("POST", path, files={"file": (file.name, data)})

    def delete(self, path: str) -> None:
        """The same for what ends something."""
        self._ask("DELETE", path)

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        try:
            answer = requests.request(
                method,
                f"{self.address}/api/v1/{path}",
                auth=_Bearer(self._token),
                timeout=SECONDS,
                allow_redirects=False,
                **more,
            )
        except requests.exceptions.SSLError as error:
            raise GraderError(f"{self.address} can't prove who it is: {error}") from error
        except requests.exceptions.Timeout as error:
            raise GraderError(f"{self.address} doesn't answer. Try again later.") from error
        except requests.RequestException as error:
            raise GraderError(
                f"{self.address} can't be reached: {_reason(error)}. Is the address right, and the "
                "network there?"
            ) from error
        return self._read(answer)

    def _read(self, answer: requests.Response) -> Any:
        if answer.is_redirect:
            there = answer.headers.get("Location", "")
            raise click.ClickException(f"{self.address} sends us on to {there}: use that address")
        if answer.status_code == 204:
            return None
        try:
            told = answer.json()
        except ValueError:
            told = None
        if answer.status_code >= 500:
            detail = told.get("detail", "") if isinstance(told, dict) else ""
            raise GraderError(
                f"{self.address} failed ({answer.status_code}). {detail} Try again in a moment."
            )
        if told is None or (not answer.ok and not isinstance(told, dict)):
            raise click.ClickException(
                f"{self.address} doesn't answer as a course's page does ({answer.status_code}): "
                "is the address right?"
            )
        if answer.status_code == 401:
            raise click.ClickException(
                f"your token for {self.address} is over or was revoked: "
                f"`course login {self.address}`"
            )
        if not answer.ok:
            raise ServerRefused(answer.status_code, told)
        return told


def _reason(error: BaseException) -> str:
    """What the network says, without the layers around it."""
    while error.__context__ is not None:
        error = error.__context__
    return str(error) or type(error).__name__
