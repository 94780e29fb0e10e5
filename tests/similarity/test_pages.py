"""The pages of a similarity report: safe whatever notebooks hold, and a lead in words."""

import re
from html.parser import HTMLParser

from grader.similarity import SimilarityReport, compare_works, similarity_pages
from grader.standalone import UNKNOWN_NAME
from tests.similarity.notebooks import SOLUTION, STARTER, disguised, notebook, work

EVIL = "<script>alert(1)</script>"
# In strings, comments and names of files: wherever code holds what a page could run.
HOSTILE = (
    f'title = "{EVIL}"  # {EVIL} \u202e\x1b[31m\n' + SOLUTION[1],
    f"'''{EVIL}</pre></section><img src=x onerror=alert(1)>'''\n" + SOLUTION[2],
    "data = '" + "A" * 5_000 + "'\n" + SOLUTION[1].replace("power_", "another_"),
)


class Page(HTMLParser):
    """The elements and the text of a page, with elements counted as they open and close."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def hostile_report() -> SimilarityReport:
    works = [
        work(f"ada {EVIL}", [STARTER[0], *HOSTILE], "ada", EVIL),
        work("bob", [STARTER[0], *disguised([STARTER[0], *HOSTILE])[1:]]),
        work("eve", STARTER),
    ]
    return compare_works(f"Lab {EVIL}", works, [notebook(STARTER)])


def test_every_page_is_whole_links_only_to_pages_and_lacks_no_name() -> None:
    pages = similarity_pages(hostile_report())
    assert sorted(pages) == ["index.html", "pair-1.html"]
    for text in pages.values():
        page = Page(text)
        assert page.open == []
        assert set(page.links) <= set(pages)
        assert UNKNOWN_NAME not in text


def test_what_notebooks_hold_is_shown_as_text_and_can_do_nothing() -> None:
    for text in similarity_pages(hostile_report()).values():
        page = Page(text)
        assert not page.elements & {"script", "img", "iframe", "link"}
        assert not {name for name in page.attributes if name.startswith("on")}
        assert EVIL in page.words
        assert "default-src 'none'" in text
        assert not re.search("[\x1b\u202e]", text)


def test_a_pair_stands_side_by_side_with_its_shared_lines_marked() -> None:
    works = [work("ada", SOLUTION), work("bob", disguised(SOLUTION))]
    text = similarity_pages(compare_works("Lab", works, [notebook(STARTER)]))["pair-1.html"]
    words = " ".join(Page(text).words.split())
    assert "A: ada" in words
    assert "B: bob" in words
    assert "A2 like B1, lines 1–16" in words
    assert "B1 like A2, lines 5–18" in words
    assert "residual = H @ vectors[-1]" in words
    assert "left out" not in words


def test_a_long_line_is_cut() -> None:
    text = similarity_pages(hostile_report())["pair-1.html"]
    assert "characters …]" in text
    assert max(len(line) for line in text.split("<body>")[1].splitlines()) < 2_000


def test_what_is_not_shared_is_left_out_but_for_the_lines_beside() -> None:
    own = [f"print({n}, {n} // 3, [{n}])" for n in range(40)]
    works = [work("ada", ["\n".join([SOLUTION[1], *own]), SOLUTION[2]]), work("bob", SOLUTION)]
    words = Page(similarity_pages(compare_works("Lab", works))["pair-1.html"]).words
    assert own[2] in words
    assert own[3] not in words
    assert "lines 14–50 left out" in words


def test_every_page_says_that_it_is_a_lead_and_no_verdict() -> None:
    for text in similarity_pages(hostile_report()).values():
        assert "A lead, never a verdict" in text


def test_an_empty_report_says_what_was_looked_for() -> None:
    report = compare_works("Lab", [work("eve", STARTER)], [notebook(STARTER)])
    (text,) = similarity_pages(report).values()
    words = " ".join(Page(text).words.split())
    assert "No two notebooks share as much as 40 %" in words
    assert "eve: it has too little code beside the starter's" in words
