"""Reads the alerts that are no objectives, each with the series that prove it, and makes their rules."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator

from alerts.annotations import DASHBOARDS, RUNBOOKS
from alerts.slos import Duration, Incident, SloFileError, Strict
from alerts.yaml_text import read_yaml

FILE = Path(__file__).with_name("conditions.yaml")
RECEIVED = "sum(increase(tidegauge_records_received_total[30s]))"


class Proof(Strict):
    """Series (name with labels -> values in promtool's notation), and whether the alert fires `at` a moment of them.

    Values are text: unquoted, YAML would read 0x60 as a number.
    """

    every: Duration
    at: Duration
    fires: bool
    series: dict[str, str] = Field(min_length=1)


class Condition(Strict):
    """An alert with a condition of its own.

    Attributes:
        alert: its name, and its runbook's.
        says: what is wrong; a template that may show `$value` and labels.
        expr: PromQL that gives something while it is wrong.
        hold: how long that must last (`for` in the file); 0s for not at all.
        severity: page or ticket.
        incident: alerts of one incident are one page.
        cause: whether other alerts of the incident say nothing while this one fires.
        owner: who answers for it.
        panel: the dashboard that shows it.
        labels: labels that its series bring, in the proof.
        proof: at least one that fires and one that does not.
    """

    alert: Annotated[str, Field(pattern=r"^[A-Z][A-Za-z]+$")]
    says: Annotated[str, Field(min_length=20)]
    expr: str
    hold: Annotated[str, Field(alias="for", pattern=r"^\d+[smhd]$")]
    severity: Literal["page", "ticket"]
    incident: Incident
    cause: bool = False
    owner: str
    panel: str
    labels: dict[str, str] = Field(default_factory=dict)
    proof: tuple[Proof, ...]

    @field_validator("proof")
    @classmethod
    def _both_ways(cls, proofs: tuple[Proof, ...]) -> tuple[Proof, ...]:
        if {proof.fires for proof in proofs} != {True, False}:
            raise ValueError("a proof needs series at which it fires and series at which it does not")
        return proofs


class _ConditionFile(Strict):
    conditions: tuple[Condition, ...]


def load_conditions(path: Path = FILE) -> tuple[Condition, ...]:
    """Read the file.

    Raises:
        SloFileError: it says what cannot be.
        YamlError: it is not YAML.
    """
    try:
        return _ConditionFile.model_validate(read_yaml(path)).conditions
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise SloFileError("\n".join([f"{path}:", *lines])) from None


def condition_groups(conditions: tuple[Condition, ...]) -> list[dict[str, Any]]:
    """Make the rule groups: the pipeline is looked at each second, business figures each minute."""
    own = {incident: [_rule(c) for c in conditions if c.incident == incident] for incident in ("pipeline", "business")}
    received = {"record": "slo:received:30s", "expr": RECEIVED}
    return [
        {"name": "pipeline", "rules": [received, *own["pipeline"]]},
        {"name": "business", "interval": "1m", "rules": own["business"]},
    ]


def labels(condition: Condition) -> dict[str, str]:
    """Give the labels that the rule adds."""
    cause = "yes" if condition.cause else "no"
    return {
        "severity": condition.severity,
        "incident": condition.incident,
        "cause": cause,
        "owner": condition.owner,
    }


def _rule(condition: Condition) -> dict[str, Any]:
    return {
        "alert": condition.alert,
        "expr": condition.expr,
        "for": condition.hold,
        "labels": labels(condition),
        "annotations": {
            "summary": condition.says,
            "since": f"{condition.hold} before this alert at the latest"
            if condition.hold != "0s"
            else "the time of this alert",
            "dashboard": f"{DASHBOARDS}/{condition.panel}",
            "runbook": f"{RUNBOOKS}/{condition.alert}.md",
        },
    }
