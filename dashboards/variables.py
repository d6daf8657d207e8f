"""The filters of the dashboards: where their values come from, for Grafana's variables and the local page alike."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Variable:
    """One filter.

    Attributes:
        name: as panels write it, `${name:singlequote}`.
        title: for people.
        sql: gives its values, the first of which is shown first where one must be chosen.
        all: whether nothing chosen means everything; else one value is always chosen.
    """

    name: str
    title: str
    sql: str
    all: bool


def _dimension(name: str) -> str:
    return (
        f"SELECT DISTINCT {name} FROM operations_hourly WHERE window_start > now() - INTERVAL 30 DAY AND {name} != '' "
        f"ORDER BY {name}"
    )


VARIABLES = (
    Variable("service", "Service", _dimension("service"), all=True),
    Variable("environment", "Environment", _dimension("environment"), all=True),
    Variable("release", "Release", _dimension("release"), all=True),
    Variable("event", "Operation", _dimension("event"), all=True),
    Variable(
        "experiment",
        "Experiment",
        "SELECT experiment FROM experiment_exposures GROUP BY experiment ORDER BY max(first_exposure) DESC, experiment",
        all=False,
    ),
    # Goals that began last come first: a goal that is as old as the application is seldom what an experiment is about.
    Variable(
        "goal", "Goal", "SELECT goal FROM experiment_goals GROUP BY goal ORDER BY min(time) DESC, goal", all=False
    ),
    Variable("journey", "Journey", "SELECT DISTINCT journey FROM journey_steps ORDER BY journey", all=False),
    Variable(
        "feature",
        "Feature",
        "SELECT feature FROM feature_usage GROUP BY feature ORDER BY uniqExact(unit) DESC, feature",
        all=False,
    ),
)
