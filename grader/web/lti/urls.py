"""The addresses that an LMS knows, and the instructors' pages about it."""

from django.urls import URLPattern, path

from grader.web.lti import launching, pages, passback

_PLATFORM = "course/lti/platforms/<int:number>/"

urlpatterns: list[URLPattern] = [
    path("lti/login/", launching.login_initiation, name="lti_login"),
    path("lti/launch/", launching.launch, name="lti_launch"),
    path("lti/keys/", launching.tool_keys, name="lti_keys"),
    path("course/lti/", pages.overview, name="course-lti"),
    path("course/lti/key/", pages.new_key, name="course-lti-key"),
    path("course/lti/platforms/new/", pages.new_platform, name="course-lti-new"),
    path(_PLATFORM, pages.one_platform, name="course-lti-platform"),
    path(f"{_PLATFORM}active/", pages.switch_platform, name="course-lti-active"),
    path(f"{_PLATFORM}forget/", pages.forget_person, name="course-lti-forget"),
    path("course/lti/scores/<str:name>/", passback.scores, name="course-lti-scores"),
]
