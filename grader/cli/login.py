"""`course login` and `course logout`: a token for a course's server, without a password here."""

import getpass
import socket
import time

import click

from grader.cli.server_access import Server, ServerRefused
from grader.cli.server_tokens import keep_token, read_address, read_tokens, tokens_file
from grader.cli.terminal import people, results
from grader.outcomes import GraderError

# How much longer to wait each time, where the server says that it is asked too often (RFC 8628).
SLOWER_SECONDS = 5


@click.command("login")
@click.argument("address", metavar="URL")
def login_command(address: str) -> None:
    """Log in at the course's server URL, for `course --server URL`.

    Prints an address and a code: open the one in a browser where you are logged in, and type the
    other. The token that comes of it is kept in ~/.config/csc2541/servers.json (in another folder
    if COURSE_CONFIG names one), and lasts for a term or until you revoke it.
    """
    server = Server(read_address(address))
    begun = server.post("device", {"label": device_name()})
    minutes = round(begun["expires_in"] / 60)
    results().print(
        f"open {begun['verification_uri']} and type the code {begun['user_code']}\n"
        f"(within {minutes} minutes; this asks as {device_name()})",
        markup=False,
        soft_wrap=True,
    )
    token = wait_for_token(server, begun["device_code"], begun["interval"])
    keep_token(server.address, token)
    who = Server(server.address, token).get("me")
    results().print(
        f"logged in at {server.address} as {who['login']} ({', '.join(who['roles'])})",
        markup=False,
        soft_wrap=True,
    )


def wait_for_token(server: Server, device_code: str, seconds: float) -> str:
    """Ask until somebody decides. Raises a click error if the answer is no, or none comes."""
    with people().status("waiting for you to allow it"):
        while True:
            time.sleep(seconds)
            try:
                return server.post("device/token", {"device_code": device_code})["access_token"]
            except ServerRefused as refused:
                error = refused.told.get("error")
                if error == "slow_down":
                    seconds += SLOWER_SECONDS
                elif error == "access_denied":
                    raise click.ClickException("it was denied on the page") from refused
                elif error == "expired_token":
                    raise click.ClickException(
                        "nobody typed the code in time; run the command again"
                    ) from refused
                elif error != "authorization_pending":
                    raise


def device_name() -> str:
    """What this machine is called where people decide about it."""
    return f"{getpass.getuser()} at {socket.gethostname()}"


@click.command("logout")
@click.argument("address", metavar="URL")
def logout_command(address: str) -> int:
    """Revoke this machine's token for the course's server URL, and forget it.

    Exit code 1 if it could not be revoked.
    """
    known = read_address(address)
    token = read_tokens().get(known)
    if token is None:
        results().print(f"you are not logged in at {known}", markup=False, soft_wrap=True)
        return 0
    failure = revoke(Server(known, token))
    keep_token(known, None)
    if failure:
        people().print(
            f"forgotten here ({tokens_file()}), but not revoked: {failure}\nRevoke it on your "
            "account's page.",
            markup=False,
            soft_wrap=True,
        )
        return 1
    results().print(f"logged out at {known}", markup=False, soft_wrap=True)
    return 0


def revoke(server: Server) -> str:
    """End the token; why it could not be, or nothing. One that is over needs no end."""
    try:
        server.delete("token")
    except ServerRefused as refused:
        return refused.message
    except click.ClickException as error:
        return "" if "over or was revoked" in error.message else error.message
    except GraderError as error:
        return str(error)
    return ""
