"""Whatever is sent to the API, it answers as its description says, and never by failing."""

from typing import Any

import pytest
import schemathesis
from django.core.cache import cache
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from grader.web.account.tokens import make_token
from grader.web.models import Account, Token
from tests.web.site import Site

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# Random ones, of each operation; besides those at the edges of what it describes.
EXAMPLES = 8


# The API as it describes itself.
schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())


@pytest.fixture
def worked(site: Site) -> Site:
    """A course that has something to ask about."""
    cache.clear()
    site.hand_in("ada")
    site.grade()
    site.hand_in("bob")
    return site


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_request_is_answered_as_described(worked: Site, case: Any) -> None:
    staff = "/staff/" in case.operation.path
    account = Account.objects.get(login="tam" if staff else "ada")
    # A new one each time: one of the operations revokes it.
    Token.objects.all().delete()
    text = make_token(account, "a test", 7)[1]
    aim(case.path_parameters or {})
    case.call_and_validate(headers={"Authorization": f"Bearer {text}"}, checks=CHECKS)


def aim(named: dict[str, Any]) -> None:
    """Let half of what is asked about be there."""
    if len(str(named.get("name", "x"))) % 2 == 0:
        named["name"] = "hw1"
    number = named.get("number", 1)
    if isinstance(number, int) and number % 2 == 0:
        named["number"] = 1
