"""Gauges of this machine, read when Prometheus asks: GPUs, the disk of the data, the archive.

What cannot be read is absent, never 0: an absent gauge raises no false alarm about memory.
"""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


@dataclass(frozen=True, slots=True)
class GpuMemory:
    """Memory of one device, in bytes."""

    gpu: str  # its number
    used: int
    total: int


class MachineCollector(Collector):
    """Collects at the moment of the scrape; takes about a millisecond without a GPU.

    Args:
        waiting_since: an archive is configured, and its first success is waited for since then
            (seconds since 1970): a bucket that never worked shall raise the alarm, too.
    """

    def __init__(self, data: Path, waiting_since: float | None = None) -> None:
        self._data = data
        self._waiting_since = waiting_since

    def collect(self) -> Iterator[Metric]:
        """All gauges; those of GPUs are empty where there is none."""
        used = GaugeMetricFamily(
            "audiobook_gpu_memory_used_bytes", "Memory in use on the device.", labels=["gpu"]
        )
        total = GaugeMetricFamily(
            "audiobook_gpu_memory_total_bytes", "Memory of the device.", labels=["gpu"]
        )
        for device in gpu_memory():
            used.add_metric([device.gpu], device.used)
            total.add_metric([device.gpu], device.total)
        free = GaugeMetricFamily(
            "audiobook_data_free_bytes", "Free space on the disk of the data folder."
        )
        size = GaugeMetricFamily(
            "audiobook_data_size_bytes", "Size of the disk of the data folder."
        )
        with suppress(OSError):
            disk = shutil.disk_usage(self._data)
            free.add_metric([], disk.free)
            size.add_metric([], disk.total)
        archive = GaugeMetricFamily(
            "audiobook_archive_last_success_timestamp_seconds",
            "When the archive last ended well; absent where there is none.",
        )
        at = last_archive(self._data)
        if (shown := self._waiting_since if at is None else at) is not None:
            archive.add_metric([], shown)
        yield from (used, total, free, size, archive)

    def describe(self) -> list[Metric]:
        """Nothing: names are known only by collecting, and that is cheap."""
        return []


def last_archive(data: Path) -> float | None:
    """Seconds since 1970 of the last good archive (``flows/archives.py`` writes it); None
    without one."""
    try:
        note = json.loads((data / "archive" / "last_success.json").read_text("utf-8"))
        return float(note["at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def gpu_memory() -> tuple[GpuMemory, ...]:
    """Memory of every NVIDIA device; empty without one, or without its library."""
    nvml = _nvml()
    if nvml is None:
        return ()
    found = []
    try:
        for number in range(nvml.nvmlDeviceGetCount()):
            memory = nvml.nvmlDeviceGetMemoryInfo(nvml.nvmlDeviceGetHandleByIndex(number))
            found.append(GpuMemory(str(number), int(memory.used), int(memory.total)))
    except nvml.NVMLError:  # a device that fell off the bus, in the middle of a scrape
        return tuple(found)
    return tuple(found)


@lru_cache(maxsize=1)
def _nvml() -> ModuleType | None:
    """The library, initialised once for the process."""
    try:
        with warnings.catch_warnings():
            # the old package of this name warns at import; nvidia-ml-py has the same module
            warnings.simplefilter("ignore", FutureWarning)
            import pynvml
    except ImportError:
        return None
    module: ModuleType = pynvml
    try:
        module.nvmlInit()
    except module.NVMLError:
        return None
    return module
