"""For operators: logs, metrics, trace context. None may carry patient data."""

from shared.telemetry.logs import ALLOWED_FIELDS, configure, describe, misconfigured
from shared.telemetry.metrics import Metrics
from shared.telemetry.tracing import child_of, current_traceparent

__all__ = ["ALLOWED_FIELDS", "Metrics", "child_of", "configure", "current_traceparent", "describe", "misconfigured"]
