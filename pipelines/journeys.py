"""How far do users get? Steps of journeys, tasks finished or given up, and the guidance that is meant to help with them.

One fact row: a step of a journey that somebody reached, or a task that somebody ended; the order and the moments matter.
One row of the rollup: what became of a guide in one hour.
"""

from datetime import timedelta

from pipelines.facts import Facts
from pipelines.rollup import Rollup, count, equals

JOURNEY_STEPS = Facts(
    name="journey_steps",
    table="journey_steps_rows",
    columns=("unit", "session_id", "tenant_id", "environment", "journey", "journey_id", "step", "step_index"),
    events=("journey.step",),
)

TASKS = Facts(
    name="tasks",
    table="tasks_rows",
    columns=("unit", "session_id", "tenant_id", "environment", "task", "completed", "guided", "duration_ms"),
    events=("task.completed",),
)

GUIDANCE = Rollup(
    name="guidance",
    table="guidance_rows",
    dimensions=("guide", "task", "environment"),
    measures={
        "shown": count(where=equals("action", "shown")),
        "followed": count(where=equals("action", "followed")),
        "dismissed": count(where=equals("action", "dismissed")),
    },
    window=timedelta(hours=1),
    events=("guidance.shown",),
    emit_every=timedelta(seconds=5),
)
