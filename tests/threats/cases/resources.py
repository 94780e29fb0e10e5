"""A. Resources."""

from tests.threats.case import (
    BOX,
    COHORT,
    ENDINGS,
    LIMITS,
    NOTHING_LEFT,
    RUNNER,
    case,
    ends,
    graded,
)

SO_MUCH = f"{LIMITS}::test_there_is_so_much_and_no_more_and_the_program_goes_on"
ENGINE = f"{BOX}::test_the_engine_holds_every_limit"
FULL = f"{BOX}::test_its_own_folders_can_be_written_up_to_their_size"

CASES = (
    case(
        1,
        "fork bomb",
        "processes refused; no points; nothing left",
        *graded("fork-bomb"),
        f"{ENDINGS}::test_a_fork_bomb_meets_the_limit_of_processes",
        NOTHING_LEFT,
    ),
    case(
        2,
        "threads without end",
        "threads refused; no points; nothing left",
        *ends("threads without end"),
        f"{SO_MUCH}[threads-args5-64-can't start new thread]",
    ),
    case(
        3,
        "a Python list that grows",
        "out of memory, by the kernel's word; no points",
        *ends("a list grows for ever"),
    ),
    case(3, "numpy arrays", "out of memory; no points", *graded("eats-memory")),
    case(3, "a huge array of JAX", "out of memory", *ends("a huge array of JAX")),
    case(
        3,
        "a huge array in a compiled program",
        "out of memory",
        *ends("a huge array of a compiled program"),
    ),
    case(
        3,
        "constants that XLA folds",
        "the time limit; compiling counts",
        *ends("a program that is compiled for ever"),
    ),
    case(
        4,
        "memory in /tmp and home",
        "counts as memory; capped",
        f"{ENDINGS}::test_what_lies_in_a_folder_in_memory_counts_as_memory",
        FULL,
    ),
    case(
        4,
        "memory in /dev/shm",
        "16 MiB and no more",
        f"{SO_MUCH}[megabytes-args2-16-No space left on device]",
        f"{ENGINE}[ShmSize-16777216]",
    ),
    case(5, "filling the working folder, /tmp and home", "a quota; the program goes on", FULL),
    case(
        5,
        "small files without end",
        "8,192 and no more",
        f"{SO_MUCH}[small_files-args0-8192-No space left on device]",
        f"{SO_MUCH}[small_files-args1-8192-No space left on device]",
    ),
    case(
        6,
        "a sparse file of 1 TB",
        "refused; no file of a container is read by us",
        f"{LIMITS}::test_a_file_can_not_even_claim_a_terabyte",
        f"{BOX}::test_there_are_no_other_folders_to_write",
    ),
    case(
        7,
        "a flood of output, in lines, in one line, past Python",
        "output limit; no points; our memory flat",
        *graded("prints-a-gigabyte"),
        *ends("it prints a megabyte too much", "it prints past Python"),
        f"{ENDINGS}::test_our_memory_stays_flat_whatever_is_printed",
    ),
    case(
        8,
        "a busy loop",
        "interrupted in its cell or call; other questions keep their points",
        *graded("endless-loop-in-cell", "endless-loop-in-function"),
    ),
    case(
        9,
        "sleeping for ever",
        "interrupted by the wall clock; the next cell and call go on",
        f"{ENDINGS}::test_a_cell_over_its_time_is_interrupted_and_the_next_one_runs",
        f"{ENDINGS}::test_a_call_over_its_time_is_interrupted_and_the_next_one_is_answered",
    ),
    case(
        10,
        "ignoring interrupts",
        "killed from outside; no points",
        *graded("ignores-interrupts"),
        *ends("it ignores the interrupt", "it sleeps and ignores the interrupt"),
    ),
    case(
        10,
        "double fork, setsid, a daemon",
        "dies with the container; points as earned",
        *graded("leaves-a-daemon"),
        f"{ENDINGS}::test_grandchildren_that_left_their_group_die_with_the_box",
        NOTHING_LEFT,
    ),
    case(
        11,
        "a loop inside XLA",
        "killed at the time limit",
        *ends("a loop without end in a compiled program"),
    ),
    case(
        11,
        "compiling for ever",
        "killed at the time limit",
        *ends("a program that is compiled for ever"),
    ),
    case(
        12,
        "deep recursion",
        "that cell fails, the next one runs",
        *(
            f"{RUNNER}::test_a_failing_cell_says_why_and_the_next_one_runs"
            f"[{backend}-def f(): return f()\\nf()-RecursionError]"
            for backend in ("process", "docker")
        ),
    ),
    case(12, "the C stack overflows", "crashed; no points", *ends("the stack overflows")),
    case(
        12,
        "SIGSEGV",
        "that question loses, the others keep their points",
        *graded("crashes-in-function"),
        *ends("a null pointer"),
    ),
    case(12, "abort", "crashed; no points", *ends("it aborts")),
    case(
        13,
        "descriptors and sockets without end",
        "1,024 and no more",
        f"{SO_MUCH}[descriptors-args3-1024-Too many open files]",
        f"{SO_MUCH}[sockets-args4-1024-Too many open files]",
    ),
    case(14, "a core dump", "none is written", f"{LIMITS}::test_a_crash_leaves_no_core"),
    case(
        15,
        "nice, many processes at full speed",
        "a container's share of the processors and no more",
        f"{LIMITS}::test_a_share_of_a_processor_is_all_that_many_processes_get",
        f"{LIMITS}::test_it_can_not_go_before_others",
    ),
    case(
        16,
        "a program that is in time only when alone",
        "each container has its own share; graded again beside others, the same is found. Limits "
        "are of wall time: keep jobs times cpus within the machine",
        f"{COHORT}::test_grading_again_finds_the_same",
        f"{LIMITS}::test_a_share_of_a_processor_is_all_that_many_processes_get",
    ),
)
