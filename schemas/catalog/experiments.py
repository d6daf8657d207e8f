"""Experiments and feature flags: who was shown which variant."""

from schemas.catalog.base import Properties
from schemas.fields import Identifier, Label


class ExperimentExposed(Properties):
    """A unit (user) was exposed to a variant of an experiment."""

    experiment: Identifier
    """The experiment."""

    variant: Identifier
    """The variant shown."""


class FlagEvaluated(Properties):
    """A feature flag was evaluated."""

    flag: Identifier
    """The flag."""

    variant: Label | None = None
    """The variant that came out."""

    reason: Label | None = None
    """Why, for example `targeting_match` or `default`."""


EVENTS: dict[str, type[Properties]] = {
    "experiment.exposed": ExperimentExposed,
    "flag.evaluated": FlagEvaluated,
}
