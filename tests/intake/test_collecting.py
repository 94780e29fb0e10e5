"""Folders and archives: every file is found or refused, and none can do harm."""

import io
import json
import os
import socket
import stat
import tarfile
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.intake import (
    Collected,
    CollectingLimits,
    FileLimits,
    Limits,
    Refused,
    import_folder,
    read_archive,
)
from grader.store import StudentRow

GOOD = json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": "x = 1"}]}).encode()
ROSTER = (
    StudentRow("ada", "Ada Lovelace", canvas_id="111"),
    StudentRow("berg", "Anna van der Berg"),
    StudentRow("jo1", "Jo Smith"),
    StudentRow("jo2", "Smith, Jo"),
    StudentRow("oe", "Zoë Ångström"),
)


def students(collected: Collected) -> dict[str, str]:
    return {one.student: one.file for one in collected.found}


def reasons(collected: Collected) -> dict[str, str]:
    return {one.file: str(one.why) for one in collected.refused}


def pack(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def fill(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def test_a_folder_of_notebooks_is_read_by_student(tmp_path: Path) -> None:
    files = {"ada.ipynb": GOOD, "bob/anything at all.ipynb": GOOD, "eve.ipynb": b"not JSON"}
    collected = import_folder(fill(tmp_path, files))
    assert students(collected) == {"ada": "ada.ipynb", "bob": "bob/anything at all.ipynb"}
    assert collected.found[0].data == GOOD
    assert collected.found[0].problems == (
        "The notebook names no language; it is taken for Python.",
    )
    assert "this is no notebook" in reasons(collected)["eve.ipynb"]


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["notes.txt"], "does not end in .ipynb"),
        (["ada.ipynb.zip"], "does not end in .ipynb"),
        (["ada/.ipynb_checkpoints/x.ipynb"], "made by Jupyter"),
        (["__MACOSX/._ada.ipynb"], "made by Jupyter or the system"),
        (["no body.ipynb"], "cannot be a student identifier"),
        (["ada.ipynb", "ada/other.ipynb"], "2 notebooks for student 'ada'"),
        (["a/b/c/d/e.ipynb"], "too deep"),
        (["evil\u202egnp.ipynb"], "control characters"),
        (["a\nb.ipynb"], "control characters"),
        (["back\\slash.ipynb"], "backslash"),
        (["C:x.ipynb"], "drive letter"),
    ],
)
def test_odd_files_of_a_folder_are_listed_with_the_reason(
    tmp_path: Path, names: list[str], says: str
) -> None:
    fill(tmp_path, dict.fromkeys([*names, "fine.ipynb"], GOOD))
    collected = import_folder(tmp_path)
    assert students(collected) == {"fine": "fine.ipynb"}
    assert len(collected.refused) == len(names)
    assert all(says in why for why in reasons(collected).values())


@pytest.mark.parametrize(
    ("one", "other"), [("Ada", "ada"), ("ada", "ａｄａ"), ("zo\u00e9", "zoe\u0301"), ("ßa", "SSA")]
)
def test_names_that_differ_by_case_or_unicode_form_are_one_student(
    tmp_path: Path, one: str, other: str
) -> None:
    fill(tmp_path, {f"{one}.ipynb": GOOD, f"{other}.ipynb": GOOD})
    roster = (*ROSTER, StudentRow("zo\u00e9"), StudentRow("ssa"))
    assert len(import_folder(tmp_path, roster).refused) == 2
    # Without a roster only plain letters are a name, and one of the two may be such.
    assert len(import_folder(tmp_path).found) < 2


@pytest.mark.parametrize(
    "kind", ["symlink", "dangling", "folder link", "pipe", "socket", "link to itself"]
)
def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    secret = fill(tmp_path / "secret", {"real.ipynb": GOOD})
    folder = fill(tmp_path / "in", {"fine.ipynb": GOOD})
    if kind == "pipe":
        os.mkfifo(folder / "ada.ipynb")
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(folder / "ada.ipynb"))
    elif kind == "link to itself":
        (folder / "ada.ipynb").symlink_to("ada.ipynb")
    else:
        target = {"symlink": "real.ipynb", "dangling": "nothing", "folder link": ""}[kind]
        (folder / "ada.ipynb").symlink_to(secret / target)
    collected = import_folder(folder)
    assert students(collected) == {"fine": "fine.ipynb"}
    says = {"pipe": "not a regular file", "socket": "cannot be read"}.get(kind, "symbolic link")
    assert says in reasons(collected)["ada.ipynb"]


def test_a_student_outside_the_roster_is_refused_with_a_guess(tmp_path: Path) -> None:
    collected = import_folder(fill(tmp_path, {"bergg.ipynb": GOOD, "ADA.ipynb": GOOD}), ROSTER)
    assert students(collected) == {"ada": "ADA.ipynb"}
    assert "Did you mean 'berg'?" in reasons(collected)["bergg.ipynb"]


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (CollectingLimits(total_bytes=len(GOOD) + 5), "together exceed"),
        (CollectingLimits(file=FileLimits(notebook=Limits(file_bytes=50))), "50 is the limit"),
    ],
)
def test_sizes_are_counted(tmp_path: Path, limits: CollectingLimits, says: str) -> None:
    files = {"ada.ipynb": GOOD, "bob.ipynb": GOOD}
    for collected in (
        import_folder(fill(tmp_path / "in", files), limits=limits),
        read_archive(pack(tmp_path / "z.zip", files), limits=limits),
    ):
        assert says in reasons(collected)["bob.ipynb"]
        assert len(collected.found) + len(collected.refused) == 2


def test_too_many_files_are_refused_as_a_whole(tmp_path: Path) -> None:
    names = {f"s{number}.ipynb": GOOD for number in range(11)}
    with pytest.raises(Refused, match="over 10 files"):
        import_folder(fill(tmp_path / "in", names), limits=CollectingLimits(files=10))
    with pytest.raises(Refused, match="too many entries"):
        read_archive(pack(tmp_path / "z.zip", names), limits=CollectingLimits(files=10))
    with pytest.raises(Refused, match="no such folder"):
        import_folder(tmp_path / "nowhere")
    with pytest.raises(Refused, match="no such file"):
        read_archive(tmp_path / "nowhere.zip")


CANVAS = [
    pytest.param("lovelaceada_111_9_ps1.ipynb", "ada", id="by Canvas id"),
    pytest.param("anything_LATE_111_9_ps1-2.ipynb", "ada", id="late"),
    pytest.param("bergannavander_5_9_a_b.ipynb", "berg", id="by the last word of the name"),
    pytest.param("annabergvander_5_9_a_b.ipynb", None, id="words in another order"),
    pytest.param("vanderberganna_5_9_a_b.ipynb", "berg", id="by name"),
    pytest.param("angstromzoe_5_9_ps1.ipynb", "oe", id="by name without accents"),
    pytest.param("ångströmzoë_5_9_ps1.ipynb", "oe", id="by name with accents"),
    pytest.param("berg.ipynb", "berg", id="plain"),
    pytest.param("smithjo_5_9_ps1.ipynb", None, id="two of that name"),
    pytest.param("lovelaceada_222_9_ps1.ipynb", None, id="a namesake with another id"),
    pytest.param("nobodyreal_5_9_ps1.ipynb", None, id="not in the roster"),
]


@pytest.mark.parametrize(("name", "student"), CANVAS)
def test_names_that_canvas_gives_are_matched_or_listed(
    tmp_path: Path, name: str, student: str | None
) -> None:
    collected = read_archive(pack(tmp_path / "z.zip", {name: GOOD}), ROSTER)
    if student is None:
        (why,) = reasons(collected).values()
        assert "canvas_id column" in why
        assert collected.found == ()
    else:
        assert students(collected) == {student: name}


def test_an_ambiguous_name_says_whom_it_fits(tmp_path: Path) -> None:
    collected = read_archive(pack(tmp_path / "z.zip", {"smithjo_5_9_a.ipynb": GOOD}), ROSTER)
    assert "fits several students: jo1, jo2" in reasons(collected)["smithjo_5_9_a.ipynb"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("../ada.ipynb", "leads out of its folder"),
        ("/etc/ada.ipynb", "absolute"),
        ("x/../../ada.ipynb", "leads out"),
        ("..\\ada.ipynb", "backslash"),
        ("C:/ada.ipynb", "drive letter"),
        ("ada.ipynb\nx.ipynb", "control characters"),
        ("a" * 300 + ".ipynb", "longer than 255 bytes"),
        ("inner.zip", "does not end in .ipynb"),
    ],
)
def test_odd_names_of_an_archive_are_listed(tmp_path: Path, name: str, says: str) -> None:
    collected = read_archive(pack(tmp_path / "z.zip", {name: GOOD, "fine.ipynb": GOOD}))
    assert students(collected) == {"fine": "fine.ipynb"}
    (why,) = reasons(collected).values()
    assert says in why


@pytest.mark.parametrize(
    ("raw", "shown"), [(b"\xff.ipynb", "\\udcff.ipynb"), (b"\x1b[2J.ipynb", "\\x1b[2J.ipynb")]
)
def test_refused_names_can_be_printed(tmp_path: Path, raw: bytes, shown: str) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + raw)).write_bytes(GOOD)
    ((name, why),) = reasons(import_folder(tmp_path)).items()
    assert name == shown
    assert f"{name} {why}".encode()


def test_a_name_cut_at_a_nul_is_refused(tmp_path: Path) -> None:
    path = pack(tmp_path / "z.zip", {"ada.ipynb#x.ipynb": GOOD})
    path.write_bytes(path.read_bytes().replace(b"ada.ipynb#x", b"ada.ipynb\0x"))
    (why,) = reasons(read_archive(path)).values()
    assert "control characters" in why


def test_an_entry_without_a_name_is_listed(tmp_path: Path) -> None:
    path = pack(tmp_path / "z.zip", {"berg.ipynb": GOOD})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(zipfile.ZipInfo(""), b"")
    collected = read_archive(path)
    assert students(collected) == {"berg": "berg.ipynb"}
    assert "an empty part" in reasons(collected)[""]


def test_a_refused_file_of_a_student_has_a_printable_name(tmp_path: Path) -> None:
    odd = "ada/p\u00a0s.ipynb"
    collected = read_archive(
        pack(tmp_path / "z.zip", {odd: b"{", "jo1/a\u00a0.ipynb": GOOD}), ROSTER
    )
    assert list(reasons(collected)) == ["ada/p\\xa0s.ipynb"]
    both = pack(tmp_path / "y.zip", {odd: GOOD, "ada/b\u00a0.ipynb": GOOD})
    assert sorted(reasons(read_archive(both, ROSTER))) == ["ada/b\\xa0.ipynb", "ada/p\\xa0s.ipynb"]


def test_links_encryption_and_odd_compression_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "z.zip"
    link = zipfile.ZipInfo("link.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr(zipfile.ZipInfo("lzma.ipynb"), GOOD, zipfile.ZIP_LZMA)
        archive.writestr("twice/a.ipynb", GOOD)
        archive.writestr("twice.ipynb", GOOD)
        archive.writestr("fine.ipynb", GOOD)
    listed = reasons(read_archive(path))
    assert "link or a device" in listed["link.ipynb"]
    assert "uncommon" in listed["lzma.ipynb"]
    assert "2 notebooks" in listed["twice.ipynb"]
    data = bytearray(pack(path, {"ada.ipynb": GOOD}).read_bytes())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert "encrypted" in reasons(read_archive(path))["ada.ipynb"]


def test_a_bomb_is_read_no_further_than_the_limit(tmp_path: Path) -> None:
    path = pack(tmp_path / "z.zip", {"ada.ipynb": b" " * 200_000_000, "fine.ipynb": GOOD})
    assert path.stat().st_size < 300_000
    collected = read_archive(path)
    assert "20,971,520 is the limit" in reasons(collected)["ada.ipynb"]
    assert students(collected) == {"fine": "fine.ipynb"}


def test_a_wrong_size_or_checksum_refuses_one_entry(tmp_path: Path) -> None:
    path = pack(tmp_path / "z.zip", {"ada.ipynb": GOOD, "fine.ipynb": GOOD})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 16] ^= 1  # the checksum in the list of entries
    path.write_bytes(data)
    collected = read_archive(path)
    assert students(collected) == {"fine": "fine.ipynb"}
    assert "damaged in the archive" in reasons(collected)["ada.ipynb"]


def test_overlapping_entries_are_refused_as_a_whole(tmp_path: Path) -> None:
    path = pack(tmp_path / "z.zip", {"ada.ipynb": GOOD, "bob.ipynb": GOOD})
    data = bytearray(path.read_bytes())
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1)
    data[second + 42 : second + 46] = bytes(4)  # its content is said to begin at the first's
    path.write_bytes(data)
    with pytest.raises(Refused, match="overlap"):
        read_archive(path)


def test_a_million_entries_are_refused_before_they_are_listed(tmp_path: Path) -> None:
    entry = b"PK\x01\x02" + bytes(24) + b"\x01\x00" + bytes(16) + b"a"
    entries = entry * 200_000
    end = b"PK\x05\x06" + bytes(8) + len(entries).to_bytes(4, "little") + bytes(6)
    path = tmp_path / "z.zip"
    path.write_bytes(entries + end)
    with pytest.raises(Refused, match="too many entries"):
        read_archive(path)


def tar() -> bytes:
    """Another kind of archive, with a name that leads out of its folder."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("../ada.ipynb"))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [b"", b"PK", b"PK\x05\x06", GOOD, b"PK\x05\x06" + b"\xff" * 18, pytest.param(tar(), id="tar")],
)
def test_what_is_no_archive_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "z.zip").write_bytes(data)
    with pytest.raises(Refused, match=r"z\.zip: "):
        read_archive(tmp_path / "z.zip")


def small_archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ada.ipynb", GOOD)
        archive.writestr("lovelaceada_111_9_ps1.ipynb", GOOD)
    return buffer.getvalue()


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(at=st.integers(0, len(small_archive())), cut=st.integers(0, 8), into=st.binary(max_size=8))
def test_any_damage_to_an_archive_refuses_or_lists(
    tmp_path: Path, at: int, cut: int, into: bytes
) -> None:
    data = bytearray(small_archive())
    data[at : at + cut] = into
    path = tmp_path / "z.zip"
    path.write_bytes(data)
    found = ()
    with suppress(Refused):
        found = read_archive(path, ROSTER).found
    assert all(one.data == GOOD for one in found)
