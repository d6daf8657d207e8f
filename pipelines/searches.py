"""How often does a search of the library find nothing? Searches and empty ones, by service.

One row: a minute's searches of one service and environment. Only a search that says how much it found is `answered`: of the
others nobody knows whether they found something.
"""

from datetime import timedelta

from pipelines.rollup import Rollup, count, equals, known

SEARCHES = Rollup(
    name="searches",
    table="searches_rows",
    dimensions=("service", "environment"),
    measures={
        "count": count(),
        "answered": count(where=known("results_count")),
        "without_result": count(where=equals("results_count", 0)),
    },
    window=timedelta(minutes=1),
    events=("library.search",),
    emit_every=timedelta(seconds=5),
)
