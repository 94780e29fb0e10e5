"""The servers where this person is logged in, and the tokens for them, in a file of theirs."""

import json
import os
from pathlib import Path
from tempfile import mkstemp
from urllib.parse import urlsplit

import click

from grader.web.account.single_sign_on import is_private

FOLDER = "~/.config/csc2541"
FILE = "servers.json"


def read_address(text: str) -> str:
    """A server's address as it is kept, such as `https://course.example.edu`.

    Raises a click error for one that is none, or over which others could read along.
    """
    address = text.strip().rstrip("/")
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise click.UsageError(f"{text!r} is no address of a server: {error}") from error
    if not host or parts.scheme not in ("http", "https"):
        raise click.UsageError(f"{text!r} is no address of a server: give it as https://HOST")
    if not is_private(address):
        raise click.UsageError(f"{text}: a token is sent by https only; others could read it")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise click.UsageError(f"{text!r}: give the address alone, as https://HOST")
    where = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{where}{f':{port}' if port else ''}{parts.path}"


def tokens_file() -> Path:
    """Where tokens are kept: in the folder that COURSE_CONFIG names, or in ~/.config/csc2541."""
    return Path(os.environ.get("COURSE_CONFIG") or FOLDER).expanduser() / FILE


def read_tokens() -> dict[str, str]:
    """All tokens by the address of their server. Raises a click error for a file of others."""
    path = tokens_file()
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise click.ClickException(f"{path}: {error}. Delete it, and log in again.") from error
    if not isinstance(told, dict) or not all(isinstance(one, str) for one in told.values()):
        raise click.ClickException(f"{path} is none of ours. Delete it, and log in again.")
    return told


def token_for(address: str) -> str:
    """The token for a server. Raises a click error where there is none."""
    token = read_tokens().get(address)
    if token is None:
        raise click.ClickException(f"you are not logged in at {address}: `course login {address}`")
    return token


def keep_token(address: str, token: str | None) -> None:
    """Keep a server's token, or forget it; whole or not at all, and readable by nobody else."""
    path = tokens_file()
    tokens = read_tokens()
    tokens.pop(address, None)
    if token is not None:
        tokens[address] = token
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, aside = mkstemp(dir=path.parent, prefix=f".{FILE}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(tokens, indent=2) + "\n")
        os.replace(aside, path)
    except BaseException:
        os.unlink(aside)
        raise
