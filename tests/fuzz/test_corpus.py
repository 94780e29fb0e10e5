"""What was found once stays mended: every stored input keeps its target's promises."""

import hashlib

import pytest

from tests.fuzz import targets
from tests.fuzz.corpus import STORED_BYTES, digest

LOADED = {name: targets.load_target(name) for name in targets.NAMES}


@pytest.mark.parametrize("name", targets.NAMES)
def test_every_seed_and_every_stored_input_keeps_the_promises(name: str) -> None:
    target = LOADED[name]
    stored = sorted(target.corpus.iterdir())
    assert stored, f"no inputs in {target.corpus}: `python -m tests.fuzz.guided {name} --keep`"
    for data in (*target.seeds, *(path.read_bytes() for path in stored)):
        try:
            target.check(data)
        except BaseException as error:
            error.add_note(f"the input is {data!r:.2000}")
            raise


@pytest.mark.parametrize("name", targets.NAMES)
def test_stored_inputs_are_named_by_their_hash_and_few(name: str) -> None:
    stored = sorted(LOADED[name].corpus.iterdir())
    assert [path.name for path in stored] == [digest(path.read_bytes()) for path in stored]
    assert sum(path.stat().st_size for path in stored) <= STORED_BYTES


def test_every_folder_of_inputs_has_a_target() -> None:
    assert {path.name for path in targets.CORPUS.iterdir()} == set(targets.NAMES)


def test_a_digest_is_that_of_the_bytes() -> None:
    assert hashlib.sha256(b"a").hexdigest().startswith(digest(b"a"))
