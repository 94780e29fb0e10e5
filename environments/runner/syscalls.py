"""Gives up system calls that no notebook needs, for this process and all that it starts.

An engine's own list depends on its age: Docker 20.10 lets a container open AF_VSOCK, which leads
out of it to the hypervisor whatever its network is, and use io_uring, whose holes have been a way
into the kernel. So the runner shuts these itself before anything of a student's runs. A filter
can't be taken off again, and children have it too.
"""

import ctypes
import errno
import platform
import sys
from dataclasses import dataclass

# linux/prctl.h, linux/seccomp.h, linux/bpf_common.h
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
PR_SET_NO_NEW_PRIVS = 38
ALLOW, REFUSE_WITH = 0x7FFF0000, 0x00050000
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
# Where struct seccomp_data has the call's number, the architecture and the first argument.
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16

# AF_UNIX, AF_INET, AF_INET6, AF_NETLINK: Python asks the last for the names of interfaces.
FAMILIES = (1, 2, 10, 16)
IO_URING = (425, 426, 427)
X32_CALLS = 0x40000000


@dataclass(frozen=True)
class Machine:
    """Numbers that differ from one processor to the next."""

    architecture: int
    socket: int
    socketpair: int
    # ptrace, process_vm_readv, process_vm_writev
    of_other_processes: tuple[int, int, int]


MACHINES = {
    "x86_64": Machine(0xC000003E, 41, 53, (101, 310, 311)),
    "aarch64": Machine(0xC00000B7, 198, 199, (117, 270, 271)),
}

Instruction = tuple[int, int, int, int]


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("first", ctypes.POINTER(_Instruction)))


def give_up_system_calls() -> None:
    """Refuse io_uring, tracing, sockets of unusual families and other processors' calls.

    Nothing happens where the numbers aren't known. Raises `OSError` where the kernel refuses.
    """
    machine = MACHINES.get(platform.machine()) if sys.platform == "linux" else None
    if machine is None:
        return
    instructions = filter_for(machine)
    array = (_Instruction * len(instructions))(*instructions)
    program = _Program(len(instructions), array)
    library = ctypes.CDLL(None, use_errno=True)
    for settings in (
        (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0),
    ):
        if library.prctl(*settings):
            number = ctypes.get_errno()
            raise OSError(number, f"system calls can't be given up: {errno.errorcode[number]}")


def filter_for(machine: Machine) -> list[Instruction]:
    """The filter as BPF: (code, skipped if true, skipped if false, value)."""
    found = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, machine.architecture),
        _refuse(errno.ENOSYS),
        (LOAD, 0, 0, NUMBER),
    ]
    # The same processor's calls in another dress (x32) have other numbers.
    found += [(AT_LEAST, 0, 1, X32_CALLS), _refuse(errno.ENOSYS)]
    for number in IO_URING:
        found += [(EQUAL, 0, 1, number), _refuse(errno.ENOSYS)]
    for number in machine.of_other_processes:
        found += [(EQUAL, 0, 1, number), _refuse(errno.EPERM)]
    found += [(EQUAL, 2, 0, machine.socket), (EQUAL, 1, 0, machine.socketpair)]
    found += [(RETURN, 0, 0, ALLOW), (LOAD, 0, 0, FIRST_ARGUMENT)]
    for family in FAMILIES:
        found += [(EQUAL, 0, 1, family), (RETURN, 0, 0, ALLOW)]
    return [*found, _refuse(errno.EAFNOSUPPORT)]


def _refuse(number: int) -> Instruction:
    return (RETURN, 0, 0, REFUSE_WITH | number)
