"""Using the application: pages, journeys, features and tasks."""

from schemas.catalog.base import Properties
from schemas.fields import Count, FreeText, Identifier, Label


class PageViewed(Properties):
    """A page was shown; `duration_ms` is the time that loading it took."""

    path: FreeText | None = None
    """Path of the page."""

    title: FreeText | None = None
    """Its title."""

    referrer: FreeText | None = None
    """Where the user came from."""


class JourneyStep(Properties):
    """A user reached a step of a journey, for example of creating an estimate."""

    journey: Identifier
    """The journey."""

    step: Identifier
    """The step reached."""

    journey_id: Label | None = None
    """One user's run through the journey."""

    step_index: Count | None = None
    """The step's place in the journey, from 0."""


class FeatureUsed(Properties):
    """A user used a feature."""

    feature: Identifier
    """The feature."""


class TaskCompleted(Properties):
    """A user finished a task or gave it up; `duration_ms` is the time on task."""

    task: Identifier
    """The task."""

    completed: bool | None = None
    """False when it was given up."""

    guided: bool | None = None
    """Whether the user followed guidance for it."""


EVENTS: dict[str, type[Properties]] = {
    "page.viewed": PageViewed,
    "journey.step": JourneyStep,
    "feature.used": FeatureUsed,
    "task.completed": TaskCompleted,
}
