"""What an LMS says in a launch: the claims that we go by, read strictly; others are ignored."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
SCORE_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
RESOURCE_LINK = "LtiResourceLinkRequest"

# No database takes a NUL.
Identifier = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00]+$")]


class _Read(BaseModel):
    # Some LMSs number their things.
    model_config = ConfigDict(coerce_numbers_to_str=True, frozen=True)


class Resource(_Read):
    """The link that was opened."""

    id: Identifier
    title: str | None = None


class Context(_Read):
    """The course in the LMS that it was opened in."""

    id: Identifier
    title: str | None = None
    label: str | None = None


class Person(_Read):
    """What the LMS's student information system calls somebody."""

    person_sourcedid: str | None = None


class Service(_Read):
    """Where scores may be written, and what of it we may do."""

    scope: tuple[str, ...] = ()
    lineitem: Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")] | None = None


class Claims(_Read):
    """The claims of a resource link's launch, version 1.3."""

    sub: Identifier
    message_type: Literal["LtiResourceLinkRequest"] = Field(alias=LTI + "message_type")
    version: Literal["1.3.0"] = Field(alias=LTI + "version")
    deployment: Identifier = Field(alias=LTI + "deployment_id")
    resource: Resource = Field(alias=LTI + "resource_link")
    context: Context | None = Field(None, alias=LTI + "context")
    roles: tuple[str, ...] = Field((), alias=LTI + "roles")
    custom: dict[str, Any] | None = Field(None, alias=LTI + "custom")
    lis: Person | None = Field(None, alias=LTI + "lis")
    service: Service | None = Field(None, alias=AGS)
    email: str | None = None
    email_verified: bool | None = None

    def parameter(self, name: str) -> str:
        """A custom parameter of the link, empty where there is none."""
        value = (self.custom or {}).get(name)
        return value.strip() if isinstance(value, str) else ""

    @property
    def is_of_staff(self) -> bool:
        """Whether the LMS says that they are more than a student in that course.

        What somebody is elsewhere in the institution doesn't count.
        """
        return any(is_staff_role(role) for role in self.roles)


def is_staff_role(role: str) -> bool:
    """Whether a role is one of staff in a course, as the LTI vocabulary names it.

    >>> is_staff_role("http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor")
    True
    >>> is_staff_role("http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant")
    True
    >>> is_staff_role("http://purl.imsglobal.org/vocab/lis/v2/membership#Learner")
    False
    >>> is_staff_role("http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor")
    False
    """
    place, separator, name = role.rpartition("#")
    if separator and "/membership" not in place:
        return False
    of_learners = place.endswith("/Learner") or name in {"Learner", "Member"}
    return not of_learners
