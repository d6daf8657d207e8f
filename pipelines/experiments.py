"""Who was exposed to which variant of an experiment, and who reached which goal afterwards?

One row of the rollup: one unit that was shown one variant, in one hour, with the first moment of it.
One fact row: one unit reached one goal at one moment; the exact moment decides what an exposure is given credit for.
"""

from datetime import timedelta

from pipelines.facts import Facts
from pipelines.rollup import Rollup, count, known, min_of

EXPERIMENT_EXPOSURES = Rollup(
    name="experiment_exposures",
    table="experiment_exposures_rows",
    dimensions=("experiment", "unit", "variant", "environment"),
    measures={"count": count(), "first_ms": min_of("time")},
    window=timedelta(hours=1),
    events=("experiment.exposed",),
    where=known("unit"),
    emit_every=timedelta(seconds=5),
)

EXPERIMENT_GOALS = Facts(
    name="experiment_goals",
    table="experiment_goals_rows",
    columns=("event", "unit", "environment", "task", "completed", "value", "duration_ms", "outcome"),
    events=("task.completed", "estimate.created", "goal.*"),
)
