"""A university's single sign-on, small: an OpenID provider on this machine."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client, override_settings
from jwt.algorithms import RSAAlgorithm

from grader.web.account.single_sign_on import sign_on_settings

CLIENT, SECRET = "course", "a secret of two"
ADA = {"sub": "u-1001", "email": "ada@mail.example", "email_verified": True, "name": "Ada L."}
LOGIN = "/account/university/login/"
Change = Callable[[dict[str, Any]], None]


class University:
    """The provider. Tests change what it claims (`claims`), and `spoil` the ID token's claims."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = dict(ADA)
        self.userinfo: dict[str, Any] | None = None
        self.spoil: Change = lambda _: None
        self.key = rsa.generate_private_key(65537, 2048)
        self.published = self.key
        self.algorithm = "RS256"
        self.issuer = ""
        self.is_down = False
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}

    @property
    def settings(self) -> dict[str, Any]:
        """What the course's environment makes of it."""
        names = {"NAME": "Example University", "CLIENT": CLIENT, "SECRET": SECRET}
        environment = {f"COURSE_OIDC_{name}": value for name, value in names.items()}
        return sign_on_settings(
            {**environment, "COURSE_OIDC_ISSUER": self.issuer, "COURSE_OIDC_CLAIM": "utorid"}
        )

    def let_in(self, address: str) -> str:
        """Somebody logs in at the address that they were sent to; where they are sent back to."""
        asked = {name: one[0] for name, one in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = f"code-{len(self._codes)}"
        self._codes[code] = asked
        back = {"code": code, "state": asked["state"]}
        return f"{urlsplit(asked['redirect_uri']).path}?{urlencode(back)}"

    def answer(self, path: str, form: dict[str, str]) -> dict[str, Any] | None:
        """What the servers say; None for a refusal."""
        self.asked.append(path)
        if self.is_down:
            return None
        if path == "/.well-known/openid-configuration":
            return self._configuration()
        if path == "/keys":
            public = RSAAlgorithm.to_jwk(self.published.public_key(), as_dict=True)
            return {"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]}
        if path == "/userinfo":
            return self.userinfo
        if path != "/token" or form.get("client_secret") != SECRET:
            return None
        asked = self._codes.pop(form["code"])
        proof = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(proof).rstrip(b"=").decode() != asked["code_challenge"]:
            return None
        return {"access_token": "opaque", "token_type": "Bearer", "id_token": self._token(asked)}

    def _configuration(self) -> dict[str, Any]:
        found = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }
        if self.userinfo is not None:
            found["userinfo_endpoint"] = f"{self.issuer}/userinfo"
        return found

    def _token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        standard = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300}
        claims = {**self.claims, **standard, "nonce": asked["nonce"]}
        self.spoil(claims)
        key: Any = self.key if self.algorithm == "RS256" else "0" * 64
        if self.algorithm == "none":
            key = None
        return jwt.encode(claims, key, self.algorithm, headers={"kid": "one"})


@contextmanager
def university() -> Iterator[University]:
    """The provider at work, and the course set up to use it."""
    made = University()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(made.answer(self.path, {}))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._say(made.answer(self.path, form))

        def _say(self, answer: dict[str, Any] | None) -> None:
            self.send_response(400 if answer is None else 200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(answer or {"error": "invalid_grant"}).encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Nothing: pytest shows enough."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        with override_settings(SOCIALACCOUNT_PROVIDERS=made.settings):
            yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def sign_on(client: Client, provider: University, next_page: str = "") -> Any:
    """Go all the way by the university's sign-on; the answer at its end."""
    sent = client.post(LOGIN, {"next": next_page})
    assert sent.status_code == 302, sent.content.decode()
    return client.get(provider.let_in(sent["Location"]))
