"""scratch"""
import re, json
import pytest
from tests.web.site import Site
from tests.web.staff.marking_course import anonymous, two_essays, sections, mark, at, change
from tests.web.test_routes import ROUTES
from tests.web.test_forgery import filled
from grader.course import load_course, CourseFileError

def walk(site, tag):
    bad = []
    for who in ("ada", "tam", "ivy"):
        c = site.client(who); c.raise_request_exception = False
        for route, view in ROUTES:
            if "GET" in getattr(view, "methods", ()):
                for url in {filled(route), filled(route).replace("hw1", "essay").replace("/1/", "/2/")}:
                    try:
                        a = c.get(url)
                        if a.status_code >= 500: bad.append((who, url, a.status_code))
                        if getattr(a, "streaming", False): b"".join(a.streaming_content)
                    except Exception as e:
                        bad.append((who, url, repr(e)[:200]))
    print(tag, len(bad), bad[:6])

EDITS = {
 "none": lambda t: t,
 "no assignments": lambda t: re.sub(r"weights:.*?roster", "roster", t, flags=re.S).split("assignments:")[0] + "assignments: {}\n",
 "far": lambda t: t.replace("end: 2027-04-30", "end: 2999-12-31").replace("due: 2027-02-11 23:59", "due: 2999-12-31 23:59"),
 "early": lambda t: t.replace("start: 2027-01-11", "start: 1970-01-01").replace("release: 2027-01-28 18:00", "release: 1970-01-01 00:00"),
 "apia": lambda t: t.replace("America/Toronto", "Pacific/Apia"),
 "tiny points": lambda t: t.replace("points: 10\n    questions:\n      q1: {title: All of it, points: 10}", "points: 1.0e-300\n    questions:\n      q1: {title: All of it, points: 1.0e-300}"),
 "timed": lambda t: t.replace("    points: 10\n    questions:\n      q1: {title: Half", "    time_allowed: 90 min\n    points: 10\n    questions:\n      q1: {title: Half"),
 "names": lambda t: t.replace("  hw2:", "  new:").replace("hw2", "new"),
 "section": lambda t: t.replace("    due: 2027-01-28 23:59\n", "    due: 2027-01-28 23:59\n    sections: {\"A . - _\": {due: 2027-02-01 10:00}}\n"),
 "gone": lambda t: re.sub(r"  hw1:.*?  hw2:", "  hw2:", t, flags=re.S).replace("of: [hw1, hw2], drop_lowest: 1", "of: [hw2]"),
 "best": lambda t: t.replace("max_days: 3}", "max_days: 3, counts: best}"),
 "feedback": lambda t: t.replace("    due: 2027-01-28 23:59\n", "    due: 2027-01-28 23:59\n    feedback: 2999-01-01 00:00\n    solution: 2999-01-01 00:00\n"),
 "mode": lambda t: t.replace("    submit: pdf\n    group: {min: 2, max: 3}\n", "    submit: pdf\n"),
}
@pytest.mark.parametrize("tag", EDITS)
def test_edit(site: Site, tag):
    two_essays(site)
    site.hand_in("ada"); site.grade(); site.store.requests.ask(3, "ada", "q1", "Why?")
    mark(site.client("tam"), 1, **{"item-question": "1", "comment": "x"})
    f = site.served.course_file
    new = EDITS[tag](f.read_text())
    if tag != "none": assert new != f.read_text()
    try:
        load_course(f, text=new)
    except CourseFileError as e:
        print(tag, "REFUSED", e.complaints[:3]); return
    site.place.rely("ivy")
    c = site.client("ivy")
    f.write_text(new)
    walk(site, tag + " waiting")
    from grader.desk.changing import digest_of_text
    v = site.place.current().version
    a = c.post("/course/changes/", {"reason": "x", "digest": digest_of_text(new), "version": v.id})
    print(a.status_code, re.findall(r'class="problem"[^>]*>(.*?)<', a.content.decode())[:2])
    walk(site, tag + " in force")
