"""Numbers about the machine, where it has them; a machine that lacks one simply does not send it. Units are in the names."""

import os
import resource
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
PAGE = resource.getpagesize()


def machine_numbers(
    data: Path, proc: Path = PROC, temperature: Callable[[], float | None] | None = None
) -> dict[str, float]:
    """Temperature, load, memory, disk, Wi-Fi and time since boot.

    The names that staff see are in the hub's `telemetry.toml`; others are kept and shown under their own.
    """
    found: dict[str, float | None] = {
        "cpu_temperature_c": (temperature or cpu_temperature)(),
        "wifi_signal_dbm": wifi_signal(proc),
        "memory_free_share": memory_free_share(proc),
        "process_rss_mb": process_rss_mb(proc),
        "disk_free_share": disk_free_share(data),
        "load_1min": os.getloadavg()[0],
    }
    return {name: round(value, 4) for name, value in found.items() if value is not None}


def cpu_temperature() -> float | None:
    """Degrees Celsius by gpiozero; None on a machine without that sensor."""
    try:
        from gpiozero import CPUTemperature
        from gpiozero.pins.mock import MockFactory
    except ImportError:
        return None
    # It reads a file and needs no pin, but wants a factory; a mock one claims none.
    with suppress(OSError, ValueError), CPUTemperature(pin_factory=MockFactory()) as sensor:
        return float(sensor.temperature)
    return None


def wifi_signal(proc: Path) -> float | None:
    """The strongest interface's level in dBm, from `net/wireless`: the fourth column, after status and link quality."""
    levels = []
    with suppress(OSError, ValueError, IndexError):
        for line in (proc / "net" / "wireless").read_text().splitlines()[2:]:
            level = float(line.split()[3].rstrip("."))
            # Some drivers count from 0 to 255.
            levels.append(level - 256.0 if level > 0 else level)
    return max(levels, default=None)


def memory_free_share(proc: Path) -> float | None:
    """What is available of all memory, 0 to 1."""
    with suppress(OSError, ValueError, KeyError, IndexError, ZeroDivisionError):
        lines = (proc / "meminfo").read_text().splitlines()
        kilobytes = {line.split(":")[0]: float(line.split()[1]) for line in lines if ":" in line}
        return kilobytes["MemAvailable"] / kilobytes["MemTotal"]
    return None


def process_rss_mb(proc: Path) -> float | None:
    """What this process holds of the memory, in 10⁶ bytes."""
    with suppress(OSError, ValueError, IndexError):
        return int((proc / "self" / "statm").read_text().split()[1]) * PAGE / 1e6
    return None


def disk_free_share(data: Path) -> float | None:
    """What is free of the disk under `data`, 0 to 1."""
    with suppress(OSError, ZeroDivisionError):
        usage = shutil.disk_usage(data)
        return usage.free / usage.total
    return None
