"""How XLA compiles here: at half the cost, to programs that run about as fast.

A notebook of a course compiles hundreds of programs that run for microseconds, so compiling is
most of its time.
"""

import os
from pathlib import Path

# LLVM's first level of optimisation, XLA's older code for fused loops, and no cutting of a program
# into parts, which pays with many cores. What runs slower is loops of many tiny steps (1.9
# times) and large random arrays (1.4 times).
FLAGS = (
    "--xla_backend_optimization_level=1 --xla_cpu_use_fusion_emitters=false "
    "--xla_cpu_parallel_codegen_split_count=1"
)
GPU = Path("/dev/nvidiactl")


def set_flags() -> None:
    """Before JAX is imported. An environment that sets `XLA_FLAGS` itself keeps its own.

    A GPU's programs run long enough to be worth full optimisation.
    """
    if not GPU.exists():
        os.environ.setdefault("XLA_FLAGS", FLAGS)
