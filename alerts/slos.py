"""Reads the file of objectives and refuses what could never be measured: unknown operations, thresholds without a bucket."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from alerts.burn import Tier, factor, seconds
from alerts.yaml_text import read_yaml
from schemas.catalog import CATALOG
from sinks.prometheus import AGE_BOUNDS_SECONDS, BOUNDS_SECONDS, PROBE_TARGETS, VERDICTS

FILE = Path(__file__).with_name("slos.yaml")


def _duration(text: str) -> str:
    seconds(text)
    return text


def _operation(name: str) -> str:
    if name not in CATALOG:
        raise ValueError(f"no event of the catalog is called {name!r}")
    return name


Duration = Annotated[str, AfterValidator(_duration)]
Operation = Annotated[str, AfterValidator(_operation)]
Sentence = Annotated[str, Field(min_length=10, pattern=r"^[A-Z0-9].*\.$")]
Incident = Literal["application", "pipeline", "business"]


class SloFileError(ValueError):
    """The file of objectives says what cannot be; the message says where and why."""


class Strict(BaseModel):
    """What is not declared is refused: a mistyped key would be a promise that nobody watches."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Latency(Strict):
    """Bad is an operation that took longer than so many seconds; of those that carry a duration."""

    slower_than: Decimal
    operation: Operation

    @model_validator(mode="after")
    def _has_a_bucket(self) -> Self:
        if float(self.slower_than) not in BOUNDS_SECONDS:
            raise ValueError(f"slower_than {self.slower_than} is no bound of the histogram: {BOUNDS_SECONDS}")
        return self


class Errors(Strict):
    """Bad is the outcome `error`; of the events of these names that carry an outcome."""

    errors_of: tuple[Operation, ...] = Field(min_length=1)


class ErrorsExcept(Strict):
    """Bad is the outcome `error`; of all events that carry an outcome but those of these names."""

    errors_except: tuple[Operation, ...]


class Probes(Strict):
    """Bad is a probe without an answer."""

    probes_of: str

    @model_validator(mode="after")
    def _is_probed(self) -> Self:
        if self.probes_of not in PROBE_TARGETS:
            raise ValueError(f"probes_of {self.probes_of} is none of {PROBE_TARGETS}")
        return self


class Age(Strict):
    """Bad is an event that was older than so many seconds when it was counted."""

    older_than: Decimal

    @model_validator(mode="after")
    def _has_a_bucket(self) -> Self:
        if float(self.older_than) not in AGE_BOUNDS_SECONDS:
            raise ValueError(f"older_than {self.older_than} is no bound of the histogram: {AGE_BOUNDS_SECONDS}")
        return self


class Verdict(Strict):
    """Bad is a Kafka record with this verdict; of all records."""

    verdict: str

    @model_validator(mode="after")
    def _exists(self) -> Self:
        if self.verdict not in VERDICTS:
            raise ValueError(f"verdict {self.verdict} is none of {VERDICTS}")
        return self


Indicator = Latency | Errors | ErrorsExcept | Probes | Age | Verdict


class Promise(Strict):
    """What every objective says of itself.

    Attributes:
        name: for series: the label `slo`.
        alert: name of its alerts, and of its runbook.
        says: the promise in a sentence.
        incident: alerts of one incident are one page.
        owner: who answers for it.
        panel: the dashboard that shows it.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")]
    alert: Annotated[str, Field(pattern=r"^[A-Z][A-Za-z]+$")]
    says: Sentence
    incident: Incident
    owner: Annotated[str, Field(min_length=3)]
    panel: Annotated[str, Field(pattern=r"^[a-z-]+$")]


class Slo(Promise):
    """An objective for the share of good events.

    Attributes:
        objective: the share that must be good over the period, between 0 and 1.
        indicator: which events count, and which of them are bad.
        outage: when most events within this time are bad, that is an outage and pages at once.
    """

    objective: Annotated[Decimal, Field(gt=Decimal("0.5"), lt=1)]
    indicator: Indicator
    outage: Duration

    @property
    def is_cause(self) -> bool:
        """Whether it explains other alerts of its incident, which then say nothing: what is down is also slow."""
        return isinstance(self.indicator, Probes)

    @property
    def allowed(self) -> Fraction:
        """The share of events that may be bad."""
        return 1 - Fraction(self.objective)


class Count(Promise):
    """An objective for how often something may happen: `metric` (of the exporter of business figures) stays below a number."""

    metric: Annotated[str, Field(pattern=r"^tidegauge_[a-z_]+$")]
    fewer_than: Annotated[int, Field(gt=0)]


class Burn(Strict):
    """One pair of windows, as the file says it."""

    budget: Annotated[Decimal, Field(gt=0, lt=1)]
    long: Duration
    short: Duration
    severity: Literal["page", "ticket"]

    @model_validator(mode="after")
    def _short_is_shorter(self) -> Self:
        if seconds(self.short) >= seconds(self.long):
            raise ValueError(f"short ({self.short}) is not shorter than long ({self.long})")
        return self


class SloFile(Strict):
    """The file as a whole."""

    period: Duration
    false_page_every: Duration
    burn: tuple[Burn, ...] = Field(min_length=1)
    slos: tuple[Slo, ...] = Field(min_length=1)
    counts: tuple[Count, ...] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        for what in ("name", "alert"):
            own = [getattr(promise, what) for promise in self.promises]
            if twice := sorted({one for one in own if own.count(one) > 1}):
                raise ValueError(f"two objectives have the {what} {twice}")
        for slo in self.slos:
            self._can_burn(slo)
        return self

    def _can_burn(self, slo: Slo) -> None:
        for tier in self.tiers:
            if tier.threshold(slo.allowed) >= 1:
                raise ValueError(
                    f"{slo.name}: nothing can burn {float(tier.factor):g} times faster than {slo.objective} allows; "
                    f"the alert over {tier.long} could never fire"
                )

    @property
    def promises(self) -> tuple[Slo | Count, ...]:
        """All objectives."""
        return (*self.slos, *self.counts)

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """The windows with their burn rates."""
        return tuple(Tier(b.long, b.short, factor(b.budget, b.long, self.period), b.severity) for b in self.burn)


def load_slos(path: Path = FILE) -> SloFile:
    """Read the file of objectives.

    Raises:
        SloFileError: it says what cannot be.
        YamlError: it is not YAML.
    """
    try:
        return SloFile.model_validate(read_yaml(path))
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise SloFileError("\n".join([f"{path}:", *lines])) from None
