"""Whose account it is that an LMS sends: known from before, or found as single sign-on does."""

from datetime import datetime

from django.db import transaction

from grader.store import Store
from grader.web.account.adapters import NOT_ACTIVE
from grader.web.account.linking import NotKnown, account_for
from grader.web.lti import refusing
from grader.web.lti.models import Identified, Member, Person
from grader.web.lti.proving import Launch
from grader.web.models import Account
from grader.web.visits import visitor_for

# The claim that single sign-on's matching looks at for the roster's identifier.
_CLAIM = "identifier"


def account_of(launch: Launch, store: Store, now: datetime) -> Account:
    """The account of whoever launched; from then on it is theirs. Raises `Refusal`.

    An LMS makes nobody staff: whom it calls staff gets in only by an account that has been made.
    """
    issuer, subject = launch.platform.issuer, launch.claims.sub
    known = Person.objects.select_related("account").filter(issuer=issuer, subject=subject).first()
    try:
        account = known.account if known else _found(launch, store)
    except NotKnown as why:
        raise refusing.not_on_roster(str(why)) from why
    if not account.is_active:
        raise refusing.not_on_roster(NOT_ACTIVE)
    if not visitor_for(account, store).roles:
        raise refusing.not_on_roster(f"Your account here, {account.login}, has no part in it now.")
    _remember(launch, account, store, now)
    return account


def _found(launch: Launch, store: Store) -> Account:
    claims = launch.claims
    is_verified = claims.email_verified is True or (
        launch.platform.emails_verified and claims.email_verified is not False
    )
    if claims.is_of_staff:
        return _of_address(claims.email or "", is_verified)
    identifier = identifier_in(launch)
    told = {"email": claims.email, "email_verified": is_verified, _CLAIM: identifier}
    try:
        return account_for(told, store, claim=_CLAIM)
    except NotKnown:
        if claims.email:
            raise
    if identifier:
        raise NotKnown(f"Nobody in this course has the id {identifier[:128]}.")
    raise NotKnown("The LMS tells neither your address nor your id: its settings hide them.")


def identifier_in(launch: Launch) -> str | None:
    """The roster's identifier of whoever launched, where this LMS tells it."""
    where = launch.platform.identified_by
    if where == Identified.SOURCED_ID:
        return launch.claims.lis.person_sourcedid if launch.claims.lis else None
    return launch.claims.parameter("student") or None if where == Identified.CUSTOM else None


def _of_address(email: str, is_verified: bool) -> Account:
    """The account that has been made of somebody with that address. Raises `NotKnown`."""
    found = list(Account.objects.filter(email__iexact=email)[:2]) if email else []
    if not is_verified:
        raise NotKnown(f"The LMS does not say that the address {email or '(none)'} is yours.")
    if len(found) != 1:
        raise NotKnown(
            f"The LMS says that you teach, and {'no' if not found else 'more than one'} account "
            f"here has the address {email or '(none)'}. An instructor can make one."
        )
    return found[0]


def _remember(launch: Launch, account: Account, store: Store, now: datetime) -> None:
    claims, platform = launch.claims, launch.platform
    with transaction.atomic():
        person, is_new = Person.objects.update_or_create(
            issuer=platform.issuer,
            subject=claims.sub,
            defaults={"launched_at": now},
            create_defaults={"launched_at": now, "account": account},
        )
        Member.objects.get_or_create(
            person=person,
            deployment=launch.deployment,
            context=claims.context.id if claims.context else "",
        )
    if is_new:
        store.record.note(
            by=account.login,
            what="account linked",
            subject=account.login,
            detail=f"to {claims.sub} of {platform.name}",
        )
