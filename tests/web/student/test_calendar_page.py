"""The calendar with one's own dates, and its address for calendar programs."""

from datetime import timedelta

from django.test import Client
from django.utils import timezone
from icalendar import Calendar

from grader.web.account.tokens import digest_of, find_token
from grader.web.models import Account, Token
from tests.term_course import at
from tests.web.site import Site


def address_of(client: Client) -> str:
    text = client.get("/calendar/").content.decode()
    return text.split('id="address" value="')[1].split('"')[0].removeprefix("http://testserver")


def due_of(data: bytes) -> object:
    events = Calendar.from_ical(data).walk("VEVENT")
    return next(e.decoded("dtstart") for e in events if str(e["uid"]).startswith("2027-01/hw1/due"))


def test_the_calendar_has_ones_own_dates(site: Site):
    site.store.extensions.grant("hw1", student="ada", days=2, reason="ill", by="ivy")
    assert "Sat 30 Jan 2027, 23:59 EST" in site.client("ada").get("/calendar/").content.decode()
    assert "Thu 28 Jan 2027, 23:59 EST" in site.client("bob").get("/calendar/").content.decode()


def test_nothing_links_to_what_is_not_released(site: Site):
    text = site.client("ada").get("/calendar/").content.decode()
    assert 'href="/assignments/hw1/"' in text
    assert "Second homework" in text
    assert 'href="/assignments/hw2/"' not in text


def test_a_calendar_program_reads_the_feed_without_logging_in(site: Site):
    client = site.client("ada")
    assert "Make an address" in client.get("/calendar/").content.decode()
    assert Token.objects.count() == 0  # looking makes none
    client.post("/calendar/address")
    address = address_of(client)
    answer = site.client().get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar")
    assert due_of(answer.content) == at("2027-01-29 04:59")
    site.store.extensions.grant("hw1", student="ada", days=2, reason="ill", by="ivy")
    assert due_of(site.client().get(address).content) == at("2027-01-31 04:59")
    assert Token.objects.get().last_used_at is not None


def test_a_new_address_ends_the_old_one(site: Site):
    client = site.client("ada")
    client.post("/calendar/address")
    first = address_of(client)
    client.post("/calendar/address")
    second = address_of(client)
    assert first != second
    assert site.client().get(first).status_code == 404
    assert site.client().get(second).status_code == 200


def test_an_address_opens_no_other_door(site: Site):
    """It stands among an account's tokens, where it can be revoked, and is none."""
    client = site.client("ada")
    client.post("/calendar/address")
    token = Token.objects.get()
    assert token.label in client.get("/account/").content.decode()
    secret = address_of(client).removeprefix("/calendar/feed/").removesuffix(".ics")
    for text in (secret, secret.split(".")[0], token.digest):
        assert find_token(text) is None
        assert digest_of(text) != token.digest
    client.post(f"/account/tokens/{token.pk}/revoke/")
    assert site.client().get(f"/calendar/feed/{secret}.ics").status_code == 404


def test_an_address_ends_with_its_time_its_account_and_its_student(site: Site):
    site.client("ada").post("/calendar/address")
    address = address_of(site.client("ada"))
    anonymous = site.client()
    account = Account.objects.get(login="ada")
    Account.objects.update(is_active=False)
    assert anonymous.get(address).status_code == 404
    Account.objects.update(is_active=True)
    assert anonymous.get(address).status_code == 200
    Token.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert anonymous.get(address).status_code == 404
    Token.objects.update(expires_at=timezone.now() + timedelta(days=1))
    site.store.roster.update(
        [row for row in site.store.roster.students() if row.identifier != account.student]
    )
    assert anonymous.get(address).status_code == 404


def test_a_made_up_address_is_none(site: Site):
    site.client("ada").post("/calendar/address")
    address = address_of(site.client("ada"))
    for wrong in ("/calendar/feed/x.ics", address.replace(".ics", "x.ics"), "/calendar/feed/..ics"):
        assert site.client().get(wrong).status_code == 404
    assert site.client().post(address).status_code == 405
