"""How a person works: a visit is a generator that does one thing after another and pauses at every `yield`.

The simulator decides how long the pauses are, so the same visit serves a live stream and a month written in
a minute.
"""

from collections.abc import Iterator
from typing import Final

from local.simulator import pricing, product, world
from local.simulator.application import Application, Visit

_MOST_ESTIMATES: Final = 3  # open at a time; then some are closed first


def visit_of(app: Application, visit: Visit, *, experiments_on: bool) -> Iterator[None]:
    """Come in, meet the flag and the experiments, work, give feedback, leave."""
    share = app.rolls.share
    product.arrive(app, visit)
    yield
    product.view_page(app, visit)
    yield
    goals: list[str] = []
    if experiments_on:
        product.meet_flag(app, visit)
        goals = product.expose(app, visit)
    if share() < world.JOURNEY_SHARE:
        yield from _journey(app, visit)
    yield from _look_around(app, visit) if visit.person.role == "viewer" else _work(app, visit)
    for goal in goals:
        product.reach_goal(app, visit, goal)
        yield
    if share() < world.NPS_ASKED_SHARE:
        product.give_score(app, visit)
        yield


def _look_around(app: Application, visit: Visit) -> Iterator[None]:
    for _ in range(app.rolls.between(2, 6)):
        product.view_page(app, visit)
        if app.rolls.share() < 0.3:
            product.access_data(app, visit)
        yield


def _work(app: Application, visit: Visit) -> Iterator[None]:
    share = app.rolls.share
    used = product.use_features(app, visit)
    yield
    if "library" in used:
        yield from _use_library(app, visit)
    for _ in range(app.rolls.between(1, 4)):
        pricing.calculate_factor(app, visit)
        yield
    if bulk := "bulk-edit" in used:
        pricing.change_in_bulk(app, visit)
        yield
    yield from _tend_estimates(app, visit, used, bulk=bulk)
    if share() < 0.35:
        product.do_task(app, visit)
        yield
    yield from _rarely(app, visit)


def _use_library(app: Application, visit: Visit) -> Iterator[None]:
    for _ in range(app.rolls.between(2, 6)):
        query = pricing.search(app, visit)
        yield
        if query and app.rolls.share() < 0.7:
            pricing.select(app, visit, query)
            yield
    if app.rolls.share() < 0.12:
        pricing.add_item(app, visit)
        yield


def _tend_estimates(app: Application, visit: Visit, used: list[str], *, bulk: bool) -> Iterator[None]:
    estimates, share = visit.person.estimates, app.rolls.share
    for estimate in estimates[:2]:
        if share() < 0.6:
            pricing.revise_estimate(app, visit, estimate)
            yield
    if estimates and (len(estimates) >= _MOST_ESTIMATES or share() < 0.25):
        pricing.close_estimate(app, visit, estimates[0])
        yield
    elif share() < 0.5:
        spreadsheet = "spreadsheet-editor" in used
        pricing.create_estimate(app, visit, library="library" in used, bulk=bulk, spreadsheet=spreadsheet)
        yield


def _rarely(app: Application, visit: Visit) -> Iterator[None]:
    share = app.rolls.share
    if share() < 0.10:
        product.access_data(app, visit)
        yield
    if share() < 0.03:
        product.give_feedback(app, visit)
        yield
    if share() < 0.01:
        product.open_ticket(app, visit)
        yield


def _journey(app: Application, visit: Visit) -> Iterator[None]:
    name = tuple(world.JOURNEYS)[app.rolls.below(len(world.JOURNEYS))]
    journey_id = app.new_id("journey")
    product.take_step(app, visit, name, journey_id, 0)
    yield
    for index, go_on in enumerate(world.JOURNEYS[name].go_on, start=1):
        if app.rolls.share() >= go_on:
            return
        product.take_step(app, visit, name, journey_id, index)
        yield
