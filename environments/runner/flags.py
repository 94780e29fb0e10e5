"""How XLA compiles here: at half the cost, to programs that run about as fast.

A notebook of a course compiles hundreds of programs that run for microseconds, so compiling is
most of its time.
"""

import os
from pathlib import Path

# LLVM's first level of optimisation, and XLA's older code for fused loops. What runs slower is
# loops of thousands of tiny steps (1.9 times) and large random arrays (1.4 times).
FLAGS = "--xla_backend_optimization_level=1 --xla_cpu_use_fusion_emitters=false"
GPU = Path("/dev/nvidiactl")


def set_flags() -> None:
    """Before JAX is imported. An environment that sets `XLA_FLAGS` itself keeps its own.

    A GPU's programs run long enough to be worth full optimisation.
    """
    if not GPU.exists():
        os.environ.setdefault("XLA_FLAGS", FLAGS)
