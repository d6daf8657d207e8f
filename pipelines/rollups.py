"""The lists of all rollups and fact tables: a new one is imported and named here, and everything else finds it."""

from pipelines.adoption import FEATURE_USES, FLAG_EVALUATIONS, UNIT_ACTIVITY
from pipelines.archive import ARCHIVE
from pipelines.audit import DATA_ACCESS, SECURITY_FINDINGS
from pipelines.availability import AVAILABILITY
from pipelines.errors import ERRORS
from pipelines.estimates import ESTIMATES, LIBRARY_SESSIONS
from pipelines.experiments import EXPERIMENT_EXPOSURES, EXPERIMENT_GOALS
from pipelines.facts import Facts
from pipelines.feedback import FEEDBACK, SUPPORT_TICKETS
from pipelines.journeys import GUIDANCE, JOURNEY_STEPS, TASKS
from pipelines.ledger import LEDGER
from pipelines.operations import OPERATIONS, OPERATIONS_HOURLY
from pipelines.resources import CACHE_ACCESS, CACHE_MISSES, DB_QUERIES, RESOURCE_USAGE
from pipelines.rollup import Rollup
from pipelines.searches import SEARCHES

ROLLUPS: tuple[Rollup, ...] = (
    OPERATIONS,
    OPERATIONS_HOURLY,
    ERRORS,
    GUIDANCE,
    SUPPORT_TICKETS,
    LIBRARY_SESSIONS,
    UNIT_ACTIVITY,
    FEATURE_USES,
    FLAG_EVALUATIONS,
    EXPERIMENT_EXPOSURES,
    DB_QUERIES,
    CACHE_ACCESS,
    CACHE_MISSES,
    RESOURCE_USAGE,
    AVAILABILITY,
    SEARCHES,
    LEDGER,
)
FACTS: tuple[Facts, ...] = (
    ARCHIVE,
    JOURNEY_STEPS,
    TASKS,
    FEEDBACK,
    ESTIMATES,
    EXPERIMENT_GOALS,
    DATA_ACCESS,
    SECURITY_FINDINGS,
)
