"""What the simulator knows to be true: a plain count of what it sent, apart from what is tested with it."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Tally:
    """Counts of one simulation.

    Every record sent is one of four: an event on time, an event that is late, a duplicate of an event on
    time, or malformed. `events` and `errors` count the first two by event name, so `sum(events.values()) =
    on_time + late`.
    """

    late: int = 0
    duplicates: int = 0
    malformed: int = 0
    events: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    malformed_kinds: Counter[str] = field(default_factory=Counter)

    @property
    def sent(self) -> int:
        """Records sent, of every kind."""
        return self.events.total() + self.duplicates + self.malformed

    @property
    def on_time(self) -> int:
        """Events that were sent in time, each once."""
        return self.events.total() - self.late

    def as_dict(self) -> dict[str, Any]:
        """Return the tally as plain data."""
        return {
            "sent": self.sent,
            "on_time": self.on_time,
            "late": self.late,
            "duplicates": self.duplicates,
            "malformed": self.malformed,
            "malformed_kinds": dict(sorted(self.malformed_kinds.items())),
            "events": dict(sorted(self.events.items())),
            "errors": dict(sorted(self.errors.items())),
        }


@dataclass(slots=True)
class Truth:
    """What happened in the world, user by user, for figures that count users and not events.

    `flag_users` names the users for whom the flag came out as `on` or `off`, `flag_uses` holds the moments (ms) at which each
    used the feature behind it. `conversions` names by (experiment, variant) the users who did the goal task while they were
    shown it; `steps` counts the runs that reached (journey, step), and `step_users` names who; `nps` holds each user's latest
    score, `votes` all of them as (time in ms, user, score). `tasks` counts attempts by (task, guided, completed), `guidance`
    by (guide, action), `ratings` by (feature, score), `topics` by (kind, area), `tickets` by (area, severity). `estimates`
    counts by (what became of them, whether they have library items).
    """

    feature_users: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    flag_users: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    flag_uses: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    exposures: defaultdict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    conversions: defaultdict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    steps: Counter[tuple[str, str]] = field(default_factory=Counter)
    step_users: defaultdict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    tasks: Counter[tuple[str, bool, bool]] = field(default_factory=Counter)
    guidance: Counter[tuple[str, str]] = field(default_factory=Counter)
    nps: dict[str, int] = field(default_factory=dict)
    votes: list[tuple[int, str, int]] = field(default_factory=list)
    ratings: Counter[tuple[str, int]] = field(default_factory=Counter)
    topics: Counter[tuple[str, str]] = field(default_factory=Counter)
    tickets: Counter[tuple[str, str]] = field(default_factory=Counter)
    estimates: Counter[tuple[str, bool]] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, Any]:
        """Return the truth as plain data, users counted."""
        return {
            "feature_users": {feature: len(users) for feature, users in sorted(self.feature_users.items())},
            "units": {":".join(arm): len(users) for arm, users in sorted(self.exposures.items())},
            "conversions": {":".join(arm): len(users) for arm, users in sorted(self.conversions.items())},
            "journey_steps": {":".join(step): runs for step, runs in sorted(self.steps.items())},
            "nps_votes": len(self.nps),
        }
