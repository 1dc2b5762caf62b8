"""What CloudWatch does not see from outside: memory, disks, and whether the application is
well. Published each minute by single-host-metrics.timer."""

import os
import re
from pathlib import Path

import boto3

from . import proxy
from .records import Records
from .settings import DATA, Instance


def memory_used(meminfo: str) -> float:
    """Percent of the memory that is not available for new programs, from /proc/meminfo."""
    total, available = (
        int(re.search(rf"^{name}:\s+(\d+) kB$", meminfo, re.MULTILINE)[1])
        for name in ("MemTotal", "MemAvailable")
    )
    return 100 * (total - available) / total


def disk_used(path: Path) -> float:
    """Percent of what programs may use of the file system, as df shows it."""
    found = os.statvfs(path)
    used = found.f_blocks - found.f_bfree
    return 100 * used / (used + found.f_bavail)


def measure(records: Records) -> dict[str, float]:
    """Metric => value. Without a release there is nothing that could be well."""
    values = {
        "MemoryUsedPercent": memory_used(Path("/proc/meminfo").read_text()),
        "RootDiskUsedPercent": disk_used(Path("/")),
        "DataDiskUsedPercent": disk_used(DATA),
    }
    if records.current is not None:
        path = records.find(records.current).health_path
        status, _ = proxy.answered(f"http://127.0.0.1{path}", seconds=10)
        values["AppHealthy"] = 1.0 if status == 200 else 0.0
    return values


def publish(instance: Instance, values: dict[str, float]) -> None:
    client = boto3.client("cloudwatch", region_name=instance.region)
    client.put_metric_data(
        Namespace=instance.metrics_namespace,
        MetricData=[
            {
                "MetricName": name,
                "Value": value,
                "Unit": "None" if name == "AppHealthy" else "Percent",
            }
            for name, value in values.items()
        ],
    )
