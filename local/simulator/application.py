"""The simulated application itself: its clients, its server, and how an operation shows on both sides."""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from local.simulator import world
from local.simulator.assignment import BrokenAssignment, shown_variant
from local.simulator.incident import Health
from local.simulator.people import Person
from local.simulator.rolls import Rolls
from local.simulator.tally import Truth
from local.simulator.wire import Sender, Wire

_TROUBLES: Final = (
    ("network", "ECONNRESET", "Connection lost while waiting for the server"),
    ("server", "HTTP_500", "The server could not finish the request"),
    ("timeout", "HTTP_504", "The server did not answer in time"),
    ("validation", "E_PRICE_RANGE", "Price 1.2e9 is outside the range of the catalogue"),
)
_STATUS_FAILED: Final = (500, 502, 503, 504)


class Endpoint(NamedTuple):
    """A way into the server: what it looks up in a cache, and the statement it runs when that misses.

    `statement` has one `%s` where a literal goes.
    """

    method: str
    route: str
    statement: str
    cache: str | None = None


@dataclass(slots=True)
class Visit:
    """One session of one person: the browser's events and those of the server on its behalf, and the arms it is shown."""

    person: Person
    client: Sender
    server: Sender
    anonymous: Sender
    arms: dict[str, str] = field(default_factory=dict)


class Application:
    """Turns what people do into events, fast enough for tens of thousands a second on one core."""

    def __init__(self, wire: Wire, rolls: Rolls, truth: Truth, broken: BrokenAssignment | None = None) -> None:
        self.wire, self.rolls, self.truth, self.broken = wire, rolls, truth, broken
        self.health = Health()
        self._durations = {name: rolls.duration(duration) for name, duration in world.DURATIONS.items()}
        self._work = {name: rolls.duration(duration) for name, duration in world.WORK.items()}
        for name, experiment in world.EXPERIMENTS.items():
            self._work |= {f"{name}:{arm}": rolls.duration(goal) for arm, goal in experiment.goal.items()}
        self.nps_score = rolls.choice(list(world.NPS_SHARE), list(world.NPS_SHARE.values()))
        self.rating = rolls.choice(list(world.RATING_SHARE), list(world.RATING_SHARE.values()))
        self._ids = 0

    def perform(
        self,
        visit: Visit,
        event: str,
        properties: dict[str, object],
        endpoint: Endpoint | None = None,
        literal: object = "",
        took_ms: float | None = None,
    ) -> bool:
        """Do one operation: the server's part, the client's event, and perhaps an error and its recovery.

        Returns whether it succeeded. `took_ms` is given where a person's work is what takes the time.
        """
        failed = self.fails(event)
        if took_ms is None:
            took_ms = self.took_ms(event)
        if endpoint is not None:
            self.serve(visit, endpoint, literal, failed=failed)
        properties["duration_ms"] = took_ms
        properties["outcome"] = "error" if failed else "ok"
        self.wire.emit(event, visit.client, properties)
        if failed:
            self._trouble(visit)
        return not failed

    def serve(self, visit: Visit, endpoint: Endpoint, literal: object, *, failed: bool = False) -> None:
        """Serve one request: cache, database, answer."""
        took_ms = self.took_ms("request.served")
        failed = failed or self.fails("request.served")
        if endpoint.cache is None or not self._look_up(visit, endpoint.cache, literal, took_ms):
            self._query(visit, endpoint.statement % literal, took_ms)
        status = _STATUS_FAILED[self.rolls.below(4)] if failed else (200 if endpoint.method == "GET" else 201)
        answer: dict[str, object] = {
            "method": endpoint.method,
            "route": endpoint.route,
            "status": status,
            "bytes": 180 if failed else self.rolls.between(400, 24_000),
            "duration_ms": took_ms,
            "outcome": "error" if failed else "ok",
        }
        self.wire.emit("request.served", visit.server, answer)

    def took_ms(self, event: str) -> float:
        """Return how long the machines took for something."""
        took = self._durations[event]()
        return took if self.health.slowness == 1.0 else round(took * self.health.slowness, 3)

    def worked_ms(self, visit: Visit, work: str) -> float:
        """Return how long a person took for something."""
        return round(self._work[work]() * visit.person.pace, 3)

    def fails(self, event: str) -> bool:
        """Tell whether an operation fails this time."""
        return self.rolls.share() < max(world.FAILURE_SHARE[event], self.health.failing)

    def shown_variant(self, user_id: str, experiment: str) -> str:
        """Return the variant of an experiment that a user is shown at this visit."""
        return shown_variant(user_id, experiment, self.broken, self.rolls)

    def new_id(self, prefix: str) -> str:
        """Return an id that this simulation has not used."""
        self._ids += 1
        return f"{prefix}-{self._ids:06d}"

    def _look_up(self, visit: Visit, cache: str, literal: object, took_ms: float) -> bool:
        hit = self.rolls.share() < world.CACHE_HIT_SHARE[cache]
        found = {
            "cache": cache,
            "key": f"{cache}:{literal}",
            "hit": hit,
            "duration_ms": self.took_ms("cache.access"),
        }
        self.wire.emit("cache.access", visit.server, found, min(took_ms, 1_000.0))
        return hit

    def _query(self, visit: Visit, statement: str, took_ms: float) -> None:
        query: dict[str, object] = {
            "statement": statement,
            "database": "estimates",
            "rows": self.rolls.below(60),
            "duration_ms": self.took_ms("db.query"),
            "outcome": "error" if self.fails("db.query") else "ok",
        }
        self.wire.emit("db.query", visit.server, query, min(took_ms / 2, 1_000.0))

    def _trouble(self, visit: Visit) -> None:
        kind, code, message = _TROUBLES[self.rolls.below(len(_TROUBLES))]
        recovers = self.rolls.share() < world.RECOVERY_SHARE
        error: dict[str, object] = {"kind": kind, "code": code, "message": message, "handled": recovers}
        self.wire.emit("error.raised", visit.client, error)
        if recovers:
            took = {"kind": kind, "code": code, "duration_ms": self.worked_ms(visit, "recovery")}
            self.wire.emit("error.recovered", visit.client, took)
