"""The simulator: keeps as many visits going as the wanted rate needs, and yields what they emit."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import xxhash

from local.producer import Record
from local.simulator import world
from local.simulator.application import Application, Visit
from local.simulator.assignment import BrokenAssignment
from local.simulator.impurities import PURE, Impurities
from local.simulator.incident import Incident, health
from local.simulator.machines import EVENTS_PER_SECOND, STEP_S, Machines
from local.simulator.people import DAY_S, Person, populate
from local.simulator.rhythm import busyness
from local.simulator.rolls import Rolls
from local.simulator.tally import Tally, Truth
from local.simulator.visits import visit_of
from local.simulator.wire import Sender, Wire, context

STEADY_RATE: Final = 200.0
"""Records per second of a live stream that asks for no other."""

_OVER: Final = object()
_BATCH_SECONDS: Final = 0.05
_BATCH_EVENTS: Final = 2_000
_RAMP_SECONDS: Final = 120.0
_PICK_TRIES: Final = 8


@dataclass(frozen=True, slots=True)
class Plan:
    """What is simulated. The same plan gives the same bytes.

    `start` is the stream's first moment in epoch seconds. With `days`, as many days are simulated with
    their daily and weekly rhythm, and `rate` (records per second, the mean of a week) follows from the
    users unless it is given. Without, the rate is steady.
    """

    start: float
    seed: int = 0
    users: int = 2_000
    rate: float | None = None
    days: float = 0.0
    incident: Incident | None = None
    broken: BrokenAssignment | None = None
    impurities: Impurities = PURE

    @property
    def mean_rate(self) -> float:
        """Records per second, the mean of a week."""
        if self.rate is not None:
            return self.rate
        return self.users * world.EVENTS_PER_USER_DAY / DAY_S if self.days else STEADY_RATE

    @property
    def end(self) -> float | None:
        """The last moment in epoch seconds, if days are simulated."""
        return self.start + self.days * DAY_S if self.days else None


class Simulator:
    """One simulation. The same plan gives the same records; an end only brings open retries forward.

    Time goes on by what is emitted: after an action that made n records the clock moves by n / rate seconds
    on average. So the rate is exact, and the people never wait for a schedule. `tally` and `truth` say what
    was sent so far.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.tally = Tally()
        self.truth = Truth()
        self._rolls = Rolls(plan.seed)
        run_id = xxhash.xxh3_64_hexdigest(repr(plan).encode())
        self._wire = Wire(run_id, self._rolls, self.tally, plan.impurities)
        self._wire.now = plan.start
        self._app = Application(self._wire, self._rolls, self.truth, plan.broken)
        self._machines = Machines(self._app)
        self._idle = populate(plan.users, self._rolls.generator(), plan.start, plan.days)
        self._visits: list[tuple[Person, Iterator[None]]] = []
        self._experiments_from = plan.start + plan.days * DAY_S * world.EXPERIMENTS_BEGIN
        self._deployed_at = plan.start + plan.days * DAY_S * world.NEW_RELEASE_DEPLOYED
        self._second = -1
        self._mark = (int(plan.start) // STEP_S + 1) * STEP_S
        self._wanted = 1
        self._seconds_per_record = 0.0
        self._look_at_the_clock()
        self._machines.first_round()

    @property
    def now(self) -> float:
        """The stream's time in epoch seconds."""
        return self._wire.now

    def events(self, until: float | None = None, limit: int | None = None) -> Iterator[list[Record]]:
        """Yield batches of (key, value, record timestamp in ms), ordered by that timestamp.

        Ends when the stream's time reaches `until` (epoch seconds; the plan's end where days are
        simulated), or with the action that makes `limit` records; without either it never ends.
        """
        until = self.plan.end if until is None else until
        while (until is None or self.now < until) and (limit is None or self.tally.sent < limit):
            end = self.now + _BATCH_SECONDS if until is None else min(self.now + _BATCH_SECONDS, until)
            most = _BATCH_EVENTS if limit is None else min(_BATCH_EVENTS, limit - self.tally.sent)
            while self.now < end and len(self._wire.out) < most:
                self._act()
            yield self._wire.take()
        self._wire.finish()
        if rest := self._wire.take():
            yield rest

    def _act(self) -> None:
        """Let somebody do one thing, and move the clock."""
        wire = self._wire
        while self._mark <= wire.now:
            self._run_machines()
        before = len(wire.out)
        wire.retry()
        if int(wire.now) != self._second:
            self._look_at_the_clock()
        if not self._visits:
            wire.now += 1.0
            return
        slot = self._rolls.below(len(self._visits))
        if next(self._visits[slot][1], _OVER) is _OVER:
            self._leave(slot)
        wire.now += (len(wire.out) - before) * self._seconds_per_record * (0.5 + self._rolls.share())

    def _run_machines(self) -> None:
        wire, now = self._wire, self._wire.now
        wire.now = float(self._mark)
        wire.retry()  # before anything newer is sent, or an original might be forgotten by then
        self._app.health = health(self.plan.incident, wire.now - self.plan.start)
        self._machines.tick(self._mark)
        wire.now = now
        self._mark += STEP_S

    def _look_at_the_clock(self) -> None:
        """Once a second: how is the application, how many people should be there?"""
        now, elapsed = self.now, self.now - self.plan.start
        self._second = int(now)
        self._app.health = health(self.plan.incident, elapsed)
        rate = self._people_rate(now)
        self._seconds_per_record = 1.0 / rate
        # A live stream begins with few, quick people, so that whole visits are seen from the first second.
        ramp = 1.0 if self.plan.days else min(1.0, 0.1 + elapsed / _RAMP_SECONDS)
        self._wanted = max(1, int(ramp * rate * world.THINK_SECONDS / world.EVENTS_PER_ACTION))
        while len(self._visits) < self._wanted and self._enter():
            pass

    def _people_rate(self, now: float) -> float:
        """Return how many records per second people should cause; what machines emit comes on top of it."""
        if self.plan.days:
            return self.plan.mean_rate * busyness(now)
        return max(self.plan.mean_rate - EVENTS_PER_SECOND, self.plan.mean_rate / 10)

    def _enter(self) -> bool:
        """Let somebody who is idle begin a visit; tell whether anybody could."""
        for _ in range(min(_PICK_TRIES, len(self._idle))):
            place = self._rolls.below(len(self._idle))
            person = self._idle[place]
            if person.is_there(self.now):
                self._idle[place] = self._idle[-1]
                self._idle.pop()
                running = self.now >= self._experiments_from
                work = visit_of(self._app, self._visit(person), experiments_on=running)
                self._visits.append((person, work))
                return True
        return False

    def _leave(self, slot: int) -> None:
        self._idle.append(self._visits[slot][0])
        self._visits[slot] = self._visits[-1]
        self._visits.pop()
        if len(self._visits) < self._wanted:
            self._enter()

    def _visit(self, person: Person) -> Visit:
        common = {
            "release": world.RELEASES[self._rolls.share() < world.NEW_RELEASE_SHARE and self.now >= self._deployed_at],
            "environment": "staging" if self._rolls.share() < world.STAGING_SHARE else "production",
            "sessionId": self._app.new_id("s"),
            "tenantId": person.tenant,
        }
        browser = context(source="client", service="estimator-web", **common)
        server = context(source="server", service="estimator-api", **common)
        user, device = person.user_id, f"a-{person.user_id[2:]}"
        clock_ms = int(person.clock_error_s * 1000)
        return Visit(
            person,
            client=Sender(user.encode(), browser, user, device, clock_ms),
            server=Sender(user.encode(), server, user),
            anonymous=Sender(device.encode(), browser, None, device, clock_ms),
        )
