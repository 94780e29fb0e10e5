"""What the documents say exists: links lead somewhere, and commands are spelled as they are."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from grader.cli.app import group

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
ELSEWHERE = ("http://", "https://", "mailto:")
VARIABLE = re.compile(r"\bCOURSE_[A-Z_]+\b")
READERS = [*ROOT.glob("grader/**/*.py"), *ROOT.glob("scripts/*")]


def links(text: str) -> list[str]:
    """Targets of links and pictures that are not on another machine."""
    found = [one or other for one, other in LINK.findall(text)]
    return [target for target in found if not target.startswith(ELSEWHERE)]


def anchors(text: str) -> set[str]:
    """The `#names` of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings}


def leads_somewhere(page: Path, target: str) -> bool:
    """Whether there is such a file in the checkout and, in it, such a heading or line (`#L7`)."""
    name, _, heading = target.partition("#")
    path = (page.parent / name).resolve() if name else page
    if not (path.exists() and path.is_relative_to(ROOT)):
        return False
    if line := re.fullmatch(r"L(\d+)", heading):
        return int(line[1]) <= len(path.read_text().splitlines())
    return not heading or heading in anchors(path.read_text())


def code_lines(text: str) -> Iterator[str]:
    """The lines of indented and fenced blocks, without comments."""
    fenced = False
    for line in text.splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            yield line.partition(" # ")[0].strip()


def code_spans(text: str) -> list[str]:
    """What stands between backticks in running text."""
    prose = "\n".join(line for line in text.splitlines() if not line.startswith("    "))
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose)]


def course_words(line: str) -> list[str] | None:
    """The arguments of a `course` command, or None for anything else."""
    words = shlex.split(line) if line.removeprefix(".venv/bin/").startswith("course ") else []
    return words[1:] or None


def split_command(args: list[str]) -> tuple[click.Command, list[str]]:
    """The subcommand that these arguments of `course` name, and its own arguments."""
    context = click.Context(group, info_name="course")
    options, rest, _ = group.make_parser(context).parse_args(list(args))
    context.params["server"] = options.get("server")
    name, command, remaining = group.resolve_command(context, rest)
    assert name
    assert command
    return command, remaining


def parse_command(args: list[str]) -> None:
    """Parse a whole command line. Raises `click.UsageError`, as for the user who types it."""
    command, remaining = split_command(args)
    context = command.make_context(command.name, remaining)
    while isinstance(command, click.Group):
        rest = [*context._protected_args, *context.args]
        _, found, remaining = command.resolve_command(context, rest)
        assert found
        command, context = found, found.make_context(found.name, remaining, parent=context)


def check_options(args: list[str]) -> None:
    """Parse a command that a sentence names, perhaps without its arguments."""
    if args[-1] != "COMMAND":
        command, remaining = split_command(args)
        command.make_parser(click.Context(command)).parse_args(remaining)


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


COMMAND_LINES = [
    pytest.param(args, id=f"{named(page)}: {line}")
    for page in PAGES
    for line in code_lines(page.read_text())
    if (args := course_words(line))
]
MENTIONS = [
    pytest.param(args, id=f"{named(page)}: {span}")
    for page in PAGES
    for span in dict.fromkeys(code_spans(page.read_text()))
    if (args := course_words(span))
]


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    found = links(page.read_text())
    assert [target for target in found if not leads_somewhere(page, target)] == []


def test_the_readme_links_to_the_other_pages() -> None:
    targets = {(ROOT / link).resolve() for link in links((ROOT / "README.md").read_text())}
    assert set(PAGES) - {ROOT / "README.md"} <= targets


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("docs/architecture.md", True),
        ("docs/architecture.md#three-answers", True),
        ("#set-up", True),
        ("docs/architecture.md#no-such-heading", False),
        ("docs/nothing.md", False),
        ("../outside", False),
    ],
)
def test_a_link_is_found_or_not(target: str, found: bool) -> None:
    assert leads_somewhere(ROOT / "README.md", target) is found


@pytest.mark.parametrize("args", COMMAND_LINES)
def test_a_command_line_can_be_typed_as_it_stands(
    args: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for word in args:  # the files that the user would have
        if word.endswith("/"):
            Path(word).mkdir()
        elif word.endswith((".csv", ".ipynb", ".json", ".zip")):
            Path(word).touch()
    parse_command(args)


@pytest.mark.parametrize("args", MENTIONS)
def test_a_command_in_a_sentence_exists_with_its_options(args: list[str]) -> None:
    check_options(args)


@pytest.mark.parametrize(
    "line",
    [
        "course import ps1",
        "course mark ps1",
        "course grade ps1 --fast",
        "course report ps1 ps2",
        "course --directory x status",
        "course submit ps1 notebook.ipynb --student ada",
        "course --server https://h.example submit",
        "course account add --role ta",
        "course account role tam student",
    ],
)
def test_a_command_line_that_is_wrong_is_refused(line: str) -> None:
    with pytest.raises(click.UsageError):
        parse_command(line.split()[1:])


def test_the_readme_shows_the_main_commands() -> None:
    lines = code_lines((ROOT / "README.md").read_text())
    shown = {args[0] for line in lines if (args := course_words(line))}
    assert {"release", "submit", "import", "grade", "report", "check"} <= shown


def test_set_up_is_two_commands() -> None:
    set_up = (ROOT / "README.md").read_text().partition("\n## Set up\n")[2].partition("\n## ")[0]
    assert list(code_lines(set_up)) == ["make demo", "make test"]


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_variable_is_read_somewhere(page: Path) -> None:
    read = {name for path in READERS for name in VARIABLE.findall(path.read_text())}
    assert set(VARIABLE.findall(page.read_text())) <= read


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_make_command_is_a_target(page: Path) -> None:
    text = page.read_text()
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    words = [line.split() for line in [*code_lines(text), *code_spans(text)]]
    made = {word[word.index("make") + 1] for word in words if "make" in word[:2] and len(word) > 1}
    assert made <= targets
