"""Entry point: `python -I <folder of this file>`."""

import gc
import sys
from pathlib import Path

# Run as a folder, Python puts that folder first on the path; its parent is needed, and only
# until the package is loaded, so that no name of ours can hide a module of the student's.
here = Path(__file__).resolve().parent
sys.path[0] = str(here.parent)

from runner.deferred import defer_packages  # noqa: E402
from runner.flags import set_flags  # noqa: E402
from runner.syscalls import give_up_system_calls  # noqa: E402

give_up_system_calls()  # before a thread starts that wouldn't have it
set_flags()
defer_packages()
gc.disable()  # until all is imported, which makes no garbage worth looking for

from runner.contexts import share_contexts  # noqa: E402
from runner.main import main  # noqa: E402

sys.path.pop(0)
share_contexts()
main()
