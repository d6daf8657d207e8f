"""Who read or changed what, about whom and why? And what did security scanners find?

One fact row: one access to data (its actor is the `unit`), or one report of a scanner. An audit trail is kept line by line.
"""

from pipelines.facts import Facts

DATA_ACCESS = Facts(
    name="data_access",
    table="data_access_rows",
    columns=(
        "unit",
        "session_id",
        "tenant_id",
        "service",
        "environment",
        "action",
        "object_type",
        "object_id",
        "subject_id",
        "reason",
        "outcome",
    ),
    events=("data.accessed",),
)

SECURITY_FINDINGS = Facts(
    name="security_findings",
    table="security_findings_rows",
    columns=("environment", "finding_id", "severity", "scanner", "status", "found_at"),
    events=("security.finding",),
)
