"""An LMS of the tests' own, on loopback: it launches with signed tokens, and takes scores."""

import html
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from jwt.algorithms import RSAAlgorithm

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
SCORE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
MEMBER = "http://purl.imsglobal.org/vocab/lis/v2/membership"
LEARNER, TEACHER = f"{MEMBER}#Learner", f"{MEMBER}#Instructor"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """A key; making one takes a moment."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Lms:
    """What it believes and what it was sent.

    `fails` are its next answers to scores, as statuses; 0 closes the connection. `tool_keys` is the
    key set that we publish.
    """

    issuer, client, deployment = "https://lms.example", "tool-7", "d1"

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.key, self.kid = rsa_key("lms"), "k1"
        self.claims: dict[str, Any] = {}
        self.tool_keys: dict[str, Any] = {"keys": []}
        self.tokens: dict[str, str] = {}
        self.token_status = 200
        self.fails: list[int] = []
        self.asked: list[str] = []
        self.scores: list[tuple[str, dict[str, Any]]] = []

    def column(self, number: int = 4) -> str:
        """The address of a line item."""
        return f"{self.url}/courses/1/line_items/{number}"

    def launch_claims(self, client: str, nonce: str) -> dict[str, Any]:
        """The claims of somebody who opens the link of hw1; `self.claims` replace some of them."""
        now = int(time.time())
        told: dict[str, Any] = {
            "iss": self.issuer,
            "aud": client,
            "sub": "u-ada",
            "nonce": nonce,
            "iat": now,
            "exp": now + 300,
            f"{LTI}message_type": "LtiResourceLinkRequest",
            f"{LTI}version": "1.3.0",
            f"{LTI}deployment_id": self.deployment,
            f"{LTI}target_link_uri": "http://testserver/lti/launch/",
            f"{LTI}resource_link": {"id": "r1", "title": "Homework 1"},
            f"{LTI}context": {"id": "c1", "title": "Term 1"},
            f"{LTI}roles": [LEARNER],
            f"{LTI}custom": {"assignment": "hw1"},
            f"{LTI}lis": {"person_sourcedid": "ada"},
            AGS: {"scope": [SCORE], "lineitem": self.column()},
            **self.claims,
        }
        return {name: value for name, value in told.items() if value is not None}

    def sign(self, claims: dict[str, Any]) -> str:
        """A token."""
        return jwt.encode(claims, self.key, "RS256", headers={"kid": self.kid})

    def key_set(self) -> dict[str, Any]:
        """What it publishes."""
        public = RSAAlgorithm.to_jwk(rsa_key("lms").public_key(), as_dict=True)
        return {"keys": [{**public, "kid": "k1", "alg": "RS256", "use": "sig"}]}

    def begin(self, browser: Client, **more: str) -> dict[str, str]:
        """Open a link: what the LMS's page then posts to us."""
        words = {
            "iss": self.issuer,
            "client_id": self.client,
            "login_hint": "hint",
            "lti_message_hint": "message",
            "target_link_uri": "http://testserver/lti/launch/",
            **more,
        }
        answer = browser.post("/lti/login/", words)
        assert answer.status_code == 302, answer.content.decode()
        page = requests.get(answer["Location"], timeout=10)
        assert page.status_code == 200, page.text
        fields = re.findall(r'name="(\w+)" value="([^"]*)"', page.text)
        return {name: html.unescape(value) for name, value in fields}

    def launch(self, browser: Client, **claims: Any) -> Any:
        """Open a link as somebody; our answer to the LMS's post."""
        self.claims = claims
        return browser.post("/lti/launch/", self.begin(browser))

    def grant(self, form: dict[str, str]) -> dict[str, Any]:
        """A token for whoever signed the assertion with a key that we publish; else it raises."""
        assert form["grant_type"] == "client_credentials"
        assert form["client_assertion_type"] == ASSERTION
        told = form["client_assertion"]
        named = jwt.get_unverified_header(told)["kid"]
        key = next(k for k in jwt.PyJWKSet.from_dict(self.tool_keys).keys if k.key_id == named)
        claims = jwt.decode(
            told,
            key,
            algorithms=["RS256"],
            audience=f"{self.url}/token",
            options={"require": ["iss", "sub", "aud", "iat", "exp", "jti"]},
        )
        assert claims["iss"] == claims["sub"] == self.client
        token = f"token-{len(self.tokens)}"
        self.tokens[token] = form["scope"]
        return {"access_token": token, "token_type": "Bearer", "scope": form["scope"]}


class _Handler(BaseHTTPRequestHandler):
    lms: Lms

    def do_GET(self) -> None:
        place = urlsplit(self.path)
        words = {name: values[0] for name, values in parse_qs(place.query).items()}
        self.lms.asked.append(place.path)
        if place.path == "/keys":
            self._answer(200, json.dumps(self.lms.key_set()))
        elif place.path == "/large":
            self._answer(200, json.dumps({"keys": ["x" * (1 << 20)]}))
        elif place.path == "/text":
            self._answer(200, "no JSON")
        elif place.path == "/elsewhere":
            self._answer(302, "", {"Location": f"{self.lms.url}/keys"})
        elif place.path == "/auth":
            assert words["response_type"] == "id_token"
            assert words["response_mode"] == "form_post"
            assert words["prompt"] == "none"
            assert (words["login_hint"], words["lti_message_hint"]) == ("hint", "message")
            token = self.lms.sign(self.lms.launch_claims(words["client_id"], words["nonce"]))
            fields = {"state": words["state"], "id_token": token}
            inputs = "".join(
                f'<input type="hidden" name="{name}" value="{html.escape(value)}">'
                for name, value in fields.items()
            )
            action = html.escape(words["redirect_uri"])
            send = "<script>document.forms[0].submit()</script>"
            page = f'<form method="post" action="{action}">{inputs}</form>{send}'
            self._answer(200, page, {"Content-Type": "text/html"})
        else:
            self._answer(404, "")

    def do_POST(self) -> None:
        lms = self.lms
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        lms.asked.append(self.path)
        if self.path == "/token":
            if lms.token_status != 200:
                self._answer(lms.token_status, "no tokens today")
                return
            try:
                form = {name: values[0] for name, values in parse_qs(body).items()}
                self._answer(200, json.dumps(lms.grant(form)))
            except Exception as error:
                self._answer(401, f"{type(error).__name__}: {error}")
            return
        status = lms.fails.pop(0) if lms.fails else self._may_score()
        if status == 0:
            self.close_connection = True
            return
        if status == 200:
            lms.scores.append((self.path.removesuffix("/scores"), json.loads(body)))
        self._answer(status, '{"resultUrl": "x"}' if status == 200 else "the LMS's own words")

    def _may_score(self) -> int:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.lms.tokens:
            return 401
        if SCORE not in self.lms.tokens[token].split():
            return 403
        right = self.headers["Content-Type"] == "application/vnd.ims.lis.v1.score+json"
        return (
            200 if right and re.fullmatch(r"/courses/1/line_items/\d+/scores", self.path) else 404
        )

    def _answer(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        data = text.encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@contextmanager
def running_lms() -> Iterator[Lms]:
    """An LMS that answers until this is left."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("_Bound", (_Handler,), {}))
    lms = Lms(server.server_address[1])
    server.RequestHandlerClass.lms = lms  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield lms
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
