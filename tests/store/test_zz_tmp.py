import threading
from datetime import timedelta
import pytest
from grader.store import StudentRow
from grader.store.fsck import check_store
from tests.store.full_store import NOON, fill
from tests.store.conftest import migrated, store
def test_x(store):
    fill(store)
    store.update_roster([StudentRow("ada")])
    for number in range(130):
        store.accept("ada", "hw1", str(number).encode(), "a.ipynb", NOON + timedelta(seconds=number))
    assert check_store(store).findings == ()
