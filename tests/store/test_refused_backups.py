"""What is no backup of ours, whole and unchanged, is refused with the reason and leaves nothing."""

import gzip
import hashlib
import io
import json
import re
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.store import open_store
from grader.store.archive import BackupRefused
from grader.store.backup import back_up
from grader.store.fsck import check_store
from grader.store.restore import restore
from tests.store import archives
from tests.store.archives import Members, member, put, tell
from tests.store.conftest import store_with_students
from tests.store.full_store import all_rows, fill


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of a full store."""
    folder = tmp_path_factory.mktemp("good")
    with store_with_students(folder / "data") as store:
        fill(store)
        back_up(store, folder / "b.tar.gz")
    return folder / "b.tar.gz"


def refused(path: Path, folder: Path) -> str:
    """Why it is refused; nothing is left."""
    before = set(folder.iterdir())
    with pytest.raises(BackupRefused) as told:
        restore(path, folder / "new")
    assert set(folder.iterdir()) == before
    assert str(told.value).startswith(f"{path}: ")
    assert str(told.value).endswith(". Nothing was restored.")
    return str(told.value)


def changed(good: Path, folder: Path, change: Callable[[Members], None]) -> Path:
    members = archives.read(good)
    change(members)
    archives.write(folder / "b.tar.gz", members)
    return folder / "b.tar.gz"


def tar(name: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as made:
        made.addfile(tarfile.TarInfo(name))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(b"", "is missing|ends too early", id="empty"),
        pytest.param(b"student,name\nada,Ada\n", "no backup", id="text"),
        pytest.param(gzip.compress(b"text"), "ends too early", id="gzip of a text"),
        pytest.param(gzip.compress(b"x" * 9999), "no backup", id="gzip of a longer text"),
        pytest.param(gzip.compress(bytes(9999)), "manifest.json is missing", id="empty tar"),
        pytest.param(tar("homework.ipynb"), "it has 'homework.ipynb' where", id="another tar"),
        pytest.param(tar("manifest.json"), 'does not say "form"', id="another manifest"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "b.tar.gz").write_bytes(data)
    assert re.search(words, refused(tmp_path / "b.tar.gz", tmp_path))


def test_wherever_it_is_cut_off_it_is_refused(good: Path, tmp_path: Path) -> None:
    data = good.read_bytes()
    path = tmp_path / "b.tar.gz"
    for end in (*range(11, len(data), len(data) // 12), len(data) - 9, len(data) - 1):
        path.write_bytes(data[:end])
        assert "ends too early" in refused(path, tmp_path)


def unpacked(data: bytes) -> bytes | None:
    """What a gzip file says, or None where it is none."""
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        return None


def test_wherever_a_byte_is_changed_it_is_refused(good: Path, tmp_path: Path) -> None:
    data = good.read_bytes()
    path = tmp_path / "b.tar.gz"
    # The first ten bytes are gzip's header, of which half says nothing.
    for place in (*range(10, len(data), len(data) // 40), len(data) - 6, len(data) - 1):
        changed = data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :]
        if unpacked(changed) == gzip.decompress(data):  # one of the bits that fill up the last byte
            continue
        path.write_bytes(changed)
        refused(path, tmp_path)


def test_what_follows_is_refused(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "b.tar.gz"
    for more in (b"more", gzip.compress(b"more"), gzip.compress(bytes(99_999))):
        path.write_bytes(good.read_bytes() + more)
        refused(path, tmp_path)


@pytest.mark.parametrize(
    "name", ["secret", "tables/student.jsonl", "tables/result.jsonl", "SHA256SUMS", "first file"]
)
def test_a_member_that_was_changed_is_refused(good: Path, tmp_path: Path, name: str) -> None:
    def change(members: Members) -> None:
        target = members[2][0].name if name == "first file" else name
        put(members, target, lambda data: data[:-1] + bytes([data[-1] ^ 1]) if data else b"x")

    told = refused(changed(good, tmp_path, change), tmp_path)
    assert "is not what was written: its SHA-256 is" in told or "more than it may" in told


def forged(name: str, data: bytes = b"evil") -> Callable[[Members], None]:
    """A further member, of which list and manifest tell truly."""

    def change(members: Members) -> None:
        members.append(member(name, data))
        members[2:] = sorted(members[2:], key=lambda one: one[0].name)
        tell(members)

    return change


HASH = hashlib.sha256(b"evil").hexdigest()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../evil", "is not ours"),
        ("/tmp/evil", "is not ours"),
        ("evil", "is not ours"),
        ("course.sqlite3", "is not ours"),
        ("blobs/../../evil", "is not ours"),
        (f"blobs/../{HASH}", "is not ours"),
        (f"blobs/00/{HASH}", "is not ours"),
        (f"blobs/{HASH[:2]}/{HASH}x", "is not ours"),
        (f"blobs/00/{'0' * 64}", "has another hash"),
        ("tables/../secret", "is not ours"),
        ("tables/Student.jsonl", "is not ours"),
        ("tables/evil\n.jsonl", "is not ours"),
        ("tables/evil.jsonl\0", "is not ours"),
    ],
)
def test_a_name_that_is_not_ours_is_refused(
    good: Path, tmp_path: Path, name: str, words: str
) -> None:
    assert words in refused(changed(good, tmp_path, forged(name)), tmp_path)


def header(**changes: object) -> Callable[[Members], None]:
    """Change what the header of the third member says of it."""

    def change(members: Members) -> None:
        for field, value in changes.items():
            setattr(members[2][0], field, value)

    return change


def twice(members: Members) -> None:
    members.insert(3, members[2])


def twice_in_the_list(members: Members) -> None:
    members.insert(3, members[2])
    tell(members, [members[2][0].name, *(info.name for info, _ in members[3:])])


def without(name: str) -> Callable[[Members], None]:
    def change(members: Members) -> None:
        members[:] = [one for one in members if one[0].name != name]
        tell(members)

    return change


def backwards(members: Members) -> None:
    members[2:] = reversed(members[2:])
    tell(members, [info.name for info, _ in members[2:]])


def one_too_many(members: Members) -> None:
    members.append(member("zzz"))


def a_long_name(members: Members) -> None:
    members.insert(2, member("././@LongLink", b"../evil\0", type=tarfile.GNUTYPE_LONGNAME))


def a_pax_header(members: Members) -> None:
    members.insert(2, member("pax", b"19 path=../../evil\n", type=tarfile.XHDTYPE))


def a_huge_pax_header(members: Members) -> None:
    members.insert(0, member("pax", b"", type=tarfile.XHDTYPE, size=1 << 50))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(header(type=tarfile.SYMTYPE, linkname="/etc/passwd"), "no plain file"),
        pytest.param(header(type=tarfile.LNKTYPE, linkname="secret"), "no plain file"),
        pytest.param(header(type=tarfile.FIFOTYPE), "no plain file"),
        pytest.param(header(type=tarfile.DIRTYPE), "no plain file"),
        pytest.param(header(type=tarfile.CHRTYPE), "no plain file"),
        pytest.param(header(type=tarfile.GNUTYPE_SPARSE), "no plain file"),
        pytest.param(header(name="../evil"), "it has '../evil' where"),
        pytest.param(header(size=1 << 60), "more than it may"),
        pytest.param(header(size=-1), "more than it may"),
        pytest.param(a_long_name, "it has '././@LongLink', and no plain file where"),
        pytest.param(a_pax_header, "it has 'pax', and no plain file where"),
        pytest.param(a_huge_pax_header, "it has 'pax', and no plain file where"),
        pytest.param(twice, "is expected"),
        pytest.param(twice_in_the_list, "out of order"),
        pytest.param(backwards, "out of order"),
        pytest.param(without("secret"), "secret is missing in it"),
        pytest.param(without("tables/result.jsonl"), "tables/result.jsonl is missing in it"),
        pytest.param(one_too_many, "something follows its last member"),
    ],
)
def test_a_member_of_another_kind_is_refused(
    good: Path, tmp_path: Path, change: Callable[[Members], None], words: str
) -> None:
    assert words in refused(changed(good, tmp_path, change), tmp_path)


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ({"form": "course backup 2"}, "this version of the grader reads 'course backup 1'"),
        ({"form": None}, "is of the form 'None'"),
        ({"migrations": ["0999_later"]}, "made by a newer version of the grader (it has 0999_lat"),
        ({"migrations": []}, "its migrations don't fit together"),
        ({"migrations": ["0002_a_terms_tables"]}, "its migrations don't fit together"),
        ({"migrations": "all"}, "is not ours: migrations"),
        ({"rows": {"student": 1}}, "it has the tables student"),
        ({"size_bytes": 1 << 60}, "are free at"),
        ({"size_bytes": 10}, "more than it may"),
        ({"members": 1 << 60}, "are free at"),
        ({"members": -1}, "more than it may"),
        ({"members": 10}, "SHA256SUMS names 25 members, and manifest.json says 10"),
        ({"sums_sha256": "0" * 64}, "SHA256SUMS is not what was written"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(
    good: Path, tmp_path: Path, manifest: dict[str, object], words: str
) -> None:
    told = refused(changed(good, tmp_path, lambda members: tell(members, **manifest)), tmp_path)
    assert words in told


def test_a_bomb_is_refused_before_it_goes_off(tmp_path: Path) -> None:
    archives.write(tmp_path / "b.tar.gz", [member("manifest.json", bytes(20 << 20))])
    assert (tmp_path / "b.tar.gz").stat().st_size < 100_000
    assert "has 20971520 bytes, more than it may" in refused(tmp_path / "b.tar.gz", tmp_path)


def rows(name: str, change: Callable[[dict[str, object]], object]) -> Callable[[Members], None]:
    """Change the first row of a table, of which list and manifest tell truly."""

    def changed_lines(data: bytes) -> bytes:
        first, _, rest = data.partition(b"\n")
        row = json.loads(first)
        change(row)
        return json.dumps(row).encode() + b"\n" + rest

    def change_members(members: Members) -> None:
        put(members, f"tables/{name}.jsonl", changed_lines)
        tell(members)

    return change_members


def text(name: str, data: bytes) -> Callable[[Members], None]:
    def change(members: Members) -> None:
        put(members, f"tables/{name}.jsonl", lambda _: data)
        tell(members)

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (rows("student", lambda row: row.pop("email")), "student.jsonl, line 1 is no row of ours"),
        (rows("student", lambda row: row.update(admin=True)), "line 1 is no row of ours"),
        (rows("submission", lambda row: row.update(received_at="noon")), "line 1 is no row of"),
        (rows("submission", lambda row: row.update(student_id=999)), "don't fit together"),
        (rows("submission", lambda row: row.update(student_id=None)), "the database refuses a row"),
        (rows("submission", lambda row: row.update(id=2)), "lines 1 to 6: the database refuses"),
        (text("action", b"[" * 100_000), "line 1 is no row of ours"),
        (text("action", b"\xff\n"), "line 1 is no row of ours"),
        (text("action", b"[1, 2]\n"), "line 1 is no row of ours"),
        (text("action", b""), "action.jsonl has 0 rows"),
    ],
)
def test_rows_that_are_not_ours_are_refused(
    good: Path, tmp_path: Path, change: Callable[[Members], None], words: str
) -> None:
    assert words in refused(changed(good, tmp_path, change), tmp_path)


def test_what_the_changes_above_start_from_is_accepted(good: Path, tmp_path: Path) -> None:
    path = changed(good, tmp_path, tell)
    restore(path, tmp_path / "new")
    with open_store(tmp_path / "new") as restored:
        assert check_store(restored).findings == ()


# Tables that came after the first versions.
LATER = ("start", "step", "worker", "pause", "hold")


def older(members: Members) -> None:
    """As the version before owners and points by question were filled in wrote it."""
    then: dict[str, tuple[dict[str, str], set[str]]] = {
        "submission": ({"owner": ""}, {"members", "not_before"}),
        "result": ({"questions": ""}, {"dropped"}),
        "override": ({}, {"excused"}),
        "extension": ({}, {"time_factor"}),
    }
    for table, (values, unknown) in then.items():

        def as_then(
            data: bytes, values: dict[str, str] = values, unknown: set[str] = unknown
        ) -> bytes:
            rows = [json.loads(line) | values for line in data.splitlines()]
            kept = [{name: row[name] for name in row.keys() - unknown} for row in rows]
            return b"".join(json.dumps(row).encode() + b"\n" for row in kept)

        put(members, f"tables/{table}.jsonl", as_then)
    absent = {f"tables/{name}.jsonl" for name in LATER}
    members[:] = [one for one in members if one[0].name not in absent]
    rows = {name: n for name, n in json.loads(members[0][1])["rows"].items() if name not in LATER}
    tell(members, migrations=["0001_first_tables", "0002_a_terms_tables"], rows=rows)


@pytest.mark.usefixtures("either_database")
def test_a_backup_of_an_older_version_is_brought_up_to_date(good: Path, tmp_path: Path) -> None:
    restore(good, tmp_path / "now")
    restore(changed(good, tmp_path, older), tmp_path / "then")
    with open_store(tmp_path / "now") as now, open_store(tmp_path / "then") as then:
        wanted, found = all_rows(now), all_rows(then)
    # Group work was not known to the version that filled the owners in.
    for row in wanted["submission"]:
        row["owner"] = f"student {row['student_id']}"
        # Bob had left by the clock of this machine, not by that of the submission.
        row["members"] = ["ada"] if row["group_id"] else []
    for name in LATER:
        assert wanted.pop(name)
        assert found.pop(name) == []
    for row in (*wanted["result"], *found["result"]):
        row["questions"] = json.loads(row["questions"])
    assert found == wanted
