"""The simulated world in numbers: every rate, share and effect that the simulator obeys is declared here.

Truths are computed from these numbers and from nothing else, so that a figure of the pipeline can be held
against what is so. Durations are in milliseconds, shares from 0 to 1.
"""

from dataclasses import dataclass
from itertools import accumulate
from operator import mul
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Duration:
    """How long an operation takes: lognormal, with a small share that takes `slow_factor` times as long."""

    median_ms: float
    sigma: float
    slow_share: float = 0.01
    slow_factor: float = 5.0


def _by_hand(median_ms: float) -> Duration:
    """Return the duration of a person's work, which has no slow tail."""
    return Duration(median_ms, 0.4, slow_share=0)


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature and how it is taken up: a share `ceiling` ever does, half of them within `half_life_days`."""

    ceiling: float
    half_life_days: float
    use_share: float
    """Share of an adopter's visits that use it."""

    def adopted_share(self, days: float) -> float:
        """Return the expected share of users who have adopted it `days` after the world began."""
        return float(self.ceiling * (1 - 2 ** (-days / self.half_life_days)))


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment: the task that is its goal, the share of exposed users who do it, and how long they take.

    Users are split evenly. A user does the goal task once or never, after the first exposure, so
    conversions of `conversion[variant]` of the users and a mean duration of `goal[variant]` (by a user's
    own pace) are the truth.
    """

    goal_task: str
    conversion: MappingProxyType[str, float]
    goal: MappingProxyType[str, Duration]

    @property
    def variants(self) -> tuple[str, ...]:
        """Names of the variants, control first."""
        return tuple(self.conversion)


@dataclass(frozen=True, slots=True)
class Flag:
    """A feature behind a flag of the same name, which is on for `on_share` of the users.

    Of those, a share `taken_up` uses it at the first visit; of these again, a share `kept` uses it from then on in `use_share` of
    the visits, and the others never again.
    """

    feature: str
    on_share: float
    taken_up: float
    kept: float
    use_share: float


@dataclass(frozen=True, slots=True)
class Journey:
    """A journey: its steps in order, and the share of users who go on from each to the next."""

    steps: tuple[str, ...]
    go_on: tuple[float, ...]

    def reach(self) -> tuple[float, ...]:
        """Return the expected share of runs that reach each step."""
        return tuple(accumulate((1.0, *self.go_on), mul))


@dataclass(frozen=True, slots=True)
class Bounds:
    """A range that a whole number is drawn from, both ends included."""

    low: int
    high: int


# --- how much happens

EVENTS_PER_USER_DAY: Final = 20.0
"""Caused by one user on a day, mean over a week, where days are simulated."""

THINK_SECONDS: Final = 8.0
"""Mean pause between two actions of a visit."""

EVENTS_PER_ACTION: Final = 2.6
"""About how many events one action causes on client and server; it sets how many visits run at a time."""

HOURLY_WEIGHT: Final = (
    2, 1, 1, 1, 2, 5, 15, 45, 85, 100, 100, 95, 80, 90, 95, 95, 85, 60, 30, 18, 12, 8, 5, 3,
)  # fmt: skip
"""Activity by hour of the local working day, 0 to 23, relative."""

WEEKDAY_WEIGHT: Final = (1.0, 1.05, 1.05, 1.0, 0.85, 0.12, 0.08)
"""Activity by day of the week, Monday first, relative."""

UTC_OFFSET_HOURS: Final = 1
"""Local time of the simulated customers."""

PROBE_EVERY_S: Final = 15
RESOURCES_EVERY_S: Final = 30
FINDING_EVERY_S: Final = 3_600

# --- who there is

TENANTS: Final = (
    "acme",
    "brickworks",
    "cornerstone",
    "dovetail",
    "evergreen",
    "foundry",
    "gantry",
    "highrise",
)
TENANT_WEIGHT: Final = (0.30, 0.20, 0.14, 0.11, 0.09, 0.07, 0.05, 0.04)
ROLES: Final = ("estimator", "manager", "viewer", "admin")
ROLE_WEIGHT: Final = (0.70, 0.15, 0.12, 0.03)
RELEASES: Final = ("4.11.3", "4.12.0")
NEW_RELEASE_SHARE: Final = 0.25
NEW_RELEASE_DEPLOYED: Final = 0.6
"""Share of the simulated days that passes before the newer release is there; live, it is there already."""
STAGING_SHARE: Final = 0.01
WRONG_CLOCK_SHARE: Final = 0.02
"""Users whose device clock is up to two hours wrong; sentAt and receivedAt in their events correct it."""

JOINED_BEFORE_SHARE: Final = 0.7
"""Users that are there when the world begins; the others join evenly over the simulated days."""

STAY_DAYS: Final = 90.0
"""Mean days that a user stays after joining or after the world began."""

# --- how long things take, and how often they fail

DURATIONS: Final = MappingProxyType(
    {
        "library.search": Duration(80, 0.45),
        "library.item_selected": Duration(25, 0.5),
        "library.item_created": Duration(140, 0.5),
        "bulk.operation": Duration(900, 0.7),
        "factor.calculated": Duration(18, 0.5, slow_share=0.003, slow_factor=4),
        "estimate.revised": Duration(220, 0.5),
        "estimate.closed": Duration(180, 0.5),
        "page.viewed": Duration(700, 0.5),
        "feature.used": Duration(60, 0.6),
        "request.served": Duration(35, 0.6),
        "db.query": Duration(4, 0.9, slow_share=0.008, slow_factor=20),
        "cache.access": Duration(0.6, 0.4),
        "probe.checked": Duration(12, 0.4),
        "data.accessed": Duration(30, 0.5),
    }
)
"""What machines do; an incident makes it longer."""

WORK: Final = MappingProxyType(
    {
        "estimate with library": _by_hand(22 * 60_000),
        "estimate without": _by_hand(41 * 60_000),
        "task guided": _by_hand(150_000),
        "task alone": _by_hand(210_000),
        "recovery": _by_hand(4_000),
    }
)
"""What people do; everybody has a pace of their own."""

FAILURE_SHARE: Final = MappingProxyType(
    {
        "library.search": 0.0008,
        "library.item_selected": 0.0002,
        "library.item_created": 0.0016,
        "bulk.operation": 0.003,
        "factor.calculated": 0.0004,
        "estimate.created": 0.001,
        "estimate.revised": 0.0008,
        "estimate.closed": 0.0004,
        "page.viewed": 0.0002,
        "feature.used": 0.0006,
        "request.served": 0.0006,
        "db.query": 0.00005,
    }
)
"""A healthy application meets its objectives (alerts/slos.yaml): all together fail less than one time in a thousand."""

NOT_FOUND_SHARE: Final = 0.04
"""Searches that find nothing."""

RECOVERY_SHARE: Final = 0.8
"""Raised errors that the user recovers from."""

CACHE_HIT_SHARE: Final = MappingProxyType({"library-search": 0.72, "prices": 0.94, "sessions": 0.985})

# --- features, experiments, journeys, feedback

FEATURES: Final = MappingProxyType(
    {
        "library": Feature(ceiling=0.92, half_life_days=2, use_share=0.85),
        "spreadsheet-editor": Feature(ceiling=0.65, half_life_days=6, use_share=0.45),
        "bulk-edit": Feature(ceiling=0.45, half_life_days=10, use_share=0.30),
        "factor-presets": Feature(ceiling=0.35, half_life_days=14, use_share=0.35),
        "templates": Feature(ceiling=0.50, half_life_days=8, use_share=0.25),
        "price-alerts": Feature(ceiling=0.25, half_life_days=20, use_share=0.40),
    }
)

EXPERIMENTS: Final = MappingProxyType(
    {
        "search_ranking": Experiment(
            "find_item",
            conversion=MappingProxyType({"control": 0.40, "semantic": 0.46}),
            goal=MappingProxyType({"control": _by_hand(60_000), "semantic": _by_hand(54_000)}),
        ),
        "button_colour": Experiment(
            "send_estimate",
            conversion=MappingProxyType({"control": 0.25, "green": 0.25}),
            goal=MappingProxyType({"control": _by_hand(30_000), "green": _by_hand(30_000)}),
        ),
    }
)

EXPERIMENTS_BEGIN: Final = 0.4
"""Share of the simulated days that passes before the experiments begin; live, they are running already."""

PACE_SIGMA: Final = 0.35
"""Spread of users' own pace: all work of a user takes the same factor longer, whatever the experiment."""

SKEWED_SHARE: Final = 0.3
UNSTABLE_SHARE: Final = 0.2
"""How much of an assignment is broken where that is asked for, see `local.simulator.assignment`."""

FLAG: Final = Flag("new-editor", on_share=0.3, taken_up=0.7, kept=0.6, use_share=0.5)

JOURNEYS: Final = MappingProxyType(
    {
        "first_estimate": Journey(("start", "search", "add_items", "review", "send"), (0.90, 0.80, 0.75, 0.85)),
        "import_prices": Journey(("open", "upload", "match", "confirm"), (0.70, 0.85, 0.60)),
    }
)
JOURNEY_SHARE: Final = 0.12
"""Visits that begin a journey."""

NPS_SHARE: Final = MappingProxyType(
    {0: 0.02, 1: 0.01, 2: 0.02, 3: 0.03, 4: 0.04, 5: 0.06, 6: 0.07, 7: 0.13, 8: 0.17, 9: 0.23, 10: 0.22}
)
NPS_ASKED_SHARE: Final = 0.04
"""Visits that ask for a score; a user is asked once every `NPS_PAUSE_DAYS`."""
NPS_PAUSE_DAYS: Final = 28.0

RATING_SHARE: Final = MappingProxyType({1: 0.05, 2: 0.08, 3: 0.17, 4: 0.38, 5: 0.32})

GUIDANCE_SHARE: Final = 0.10
GUIDANCE_FOLLOWED: Final = 0.55
TASK_DONE_GUIDED: Final = 0.90
TASK_DONE_ALONE: Final = 0.78

# --- estimates

ELEMENTS: Final = Bounds(12, 180)
COST_PER_ELEMENT: Final = 420.0
COST_SPREAD: Final = 0.8
"""Median of an estimate's cost per element, and the sigma of its logarithm."""
ESTIMATE_BIAS: Final = 1.03
"""Median of actual cost over estimated cost."""
ESTIMATE_SPREAD: Final = MappingProxyType({"library": 0.06, "plain": 0.11})
"""Sigma of the logarithm of that ratio, with and without library items."""
CURRENCY: Final = "EUR"


def nps() -> float:
    """Return the world's Net Promoter Score: promoters (9, 10) minus detractors (0 to 6), times a hundred."""
    promoters = sum(share for score, share in NPS_SHARE.items() if score >= 9)
    detractors = sum(share for score, share in NPS_SHARE.items() if score <= 6)
    return 100 * (promoters - detractors)
