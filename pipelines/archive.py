"""The archive: every counted and late event as one row, so that any figure can be recounted and any question asked later."""

from pipelines.facts import Facts

ARCHIVE = Facts(
    name="archive",
    table="events_rows",
    columns=(
        "event",
        "message_id",
        "user_id",
        "anonymous_id",
        "session_id",
        "tenant_id",
        "source",
        "service",
        "release",
        "environment",
        "duration_ms",
        "outcome",
        "properties",
        "fingerprint",
    ),
)
