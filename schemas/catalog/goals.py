"""Goals that an application names itself: what the units of an experiment do, and how much of it."""

from schemas.catalog.base import Properties
from schemas.fields import Amount


class GoalReached(Properties):
    """A unit reached a goal: every event whose name begins with `goal.`; what follows says which goal."""

    value: Amount | None = None
    """How much, where the goal has an amount, for example rounds played or money spent."""


EVENTS: dict[str, type[Properties]] = {
    "goal.*": GoalReached,
}
