"""What a process that holds somebody's voice in memory must not do: leave that memory on the disk when it falls."""

import ctypes
import resource

_PR_SET_DUMPABLE = 4  # prctl(2)


def forbid_core_dumps() -> None:
    """No core file, and none piped to a crash reporter either; also keeps other programs from reading our memory."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
