"""What Prometheus reads: every metric of the service, by name, in one registry.

Base units, ``_total`` for what only grows, few labels: a route is its template, never a path;
no title, name of a voice or principal is a label. ``deploy/`` (rules, dashboard) may name
these metrics and no others, which a test checks.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)

from castbook import __version__
from service.observability.machine import MachineCollector
from service.observability.speechmeter import SpeechMeter
from service.settings import ServiceSettings

# the client would add a gauge with its birthday to every counter and histogram: twice the
# series, and nobody asks
_without_birthdays: Callable[[], None] = disable_created_metrics
_without_birthdays()

# what ends an answer: from a cached list (1 ms) to a chapter that is spoken while it is sent
_REQUEST_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
# the promise is 0.3 s (deploy/prometheus/rules.yml), so that is an edge
_FIRST_CHUNK_S = (0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 1.0, 2.0, 5.0, 15.0)
_STAGE_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_REAL_TIME = (0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0)


class Meters:
    """The metrics of one process. Counters start at nothing with the process."""

    def __init__(
        self, settings: ServiceSettings, *, orders: bool = True, archives: bool = False
    ) -> None:
        """
        Args:
            orders: there are jobs; without them their gauges are absent, and raise no alarm.
            archives: an archive is configured: the first success is then waited for from now.
        """
        self.registry = registry = CollectorRegistry()
        theirs = registry if orders else None
        self.requests = Counter(
            "audiobook_http_requests_total",
            "Requests answered, by the template of the route.",
            ("route", "method", "code"),
            registry=registry,
        )
        self.request_seconds = Histogram(
            "audiobook_http_request_duration_seconds",
            "From the request to the last byte of its answer; event streams are left out.",
            buckets=_REQUEST_S,
            registry=registry,
        )
        self.segments = Counter(
            "audiobook_segments_total",
            "Texts and segments that ended, by how.",
            ("outcome",),
            registry=registry,
        )
        self.speech = SpeechMeter(
            first_chunk=Histogram(
                "audiobook_tts_first_chunk_seconds",
                "From the request to the engine's first sound.",
                buckets=_FIRST_CHUNK_S,
                registry=registry,
            ),
            stages=Histogram(
                "audiobook_tts_segment_duration_seconds",
                "Time of synthesis of one text, whole and by stage where the engine says.",
                ("stage",),
                buckets=_STAGE_S,
                registry=registry,
            ),
            real_time=Histogram(
                "audiobook_tts_real_time_factor",
                "Seconds of synthesis for a second of sound.",
                buckets=_REAL_TIME,
                registry=registry,
            ),
            characters=Counter(
                "audiobook_tts_characters_total", "Characters spoken.", registry=registry
            ),
            segments=self.segments,
        )
        self.flow_runs = Gauge(
            "audiobook_flow_runs",
            "Runs that Prefect knows, by state.",
            ("state",),
            registry=theirs,
        )
        self.queue_depth = Gauge(
            "audiobook_queue_depth", "Runs that are due and wait for a worker.", registry=theirs
        )
        self.workers = Gauge(
            "audiobook_workers_online", "Workers whose heartbeat Prefect has.", registry=theirs
        )
        self.orders_up = Gauge(
            "audiobook_orders_up",
            "1 when Prefect answered when it was last asked, 0 when not.",
            registry=theirs,
        )
        self.deliveries = Counter(
            "audiobook_webhook_deliveries_total",
            "Callbacks that ended, by how: delivered, or dead after the last try.",
            ("outcome",),
            registry=registry,
        )
        build = Gauge(
            "audiobook_build_info",
            "1; the labels say what runs here.",
            ("version", "python"),
            registry=registry,
        )
        build.labels(__version__, platform.python_version()).set(1)
        registry.register(
            MachineCollector(settings.data, waiting_since=time.time() if archives else None)
        )
        for outcome in ("made", "failed"):  # a ratio needs both from the first scrape on
            self.segments.labels(outcome)
        for outcome in ("delivered", "dead"):
            self.deliveries.labels(outcome)
