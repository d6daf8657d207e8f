"""What people do around their work: pages, features, experiments, journeys, tasks, feedback, help."""

from typing import Final

from local.simulator import world
from local.simulator.application import Application, Endpoint, Visit
from local.simulator.people import DAY_S

PAGES: Final = (
    ("/dashboard", "Dashboard"), ("/library", "Library"), ("/estimates", "Estimates"), ("/estimates/{id}",
    "Estimate"), ("/factors", "Factors"), ("/reports", "Reports"), ("/settings", "Settings"),
)  # fmt: skip
AREAS: Final = ("library", "estimates", "spreadsheet", "reports", "login")
TEXTS: Final = (
    "Works well",
    "Search misses regional names",
    "Export cuts long texts",
    "Please add formwork presets",
)
TASKS: Final = ("price_elements", "compare_offers", "export_report")

_PAGE: Final = Endpoint("GET", "/{page}", "SELECT data FROM sessions WHERE token = '%s'", "sessions")
_ANONYMOUS_PAGE: Final = {"path": "/login", "title": "Log in", "referrer": "https://www.example.com/"}


def arrive(app: Application, visit: Visit) -> None:
    """Open the login page: the browser is known, the person is not yet."""
    page = _ANONYMOUS_PAGE | {"duration_ms": app.took_ms("page.viewed"), "outcome": "ok"}
    app.wire.emit("page.viewed", visit.anonymous, page)


def view_page(app: Application, visit: Visit) -> None:
    """Look at a page."""
    path, title = PAGES[app.rolls.below(len(PAGES))]
    properties: dict[str, object] = {"path": path, "title": title}
    app.perform(visit, "page.viewed", properties, _PAGE, visit.person.user_id)


def use_features(app: Application, visit: Visit) -> list[str]:
    """Use some of the features that the person has taken up by now; return which."""
    used = []
    for (feature, numbers), adopted_at in zip(world.FEATURES.items(), visit.person.adopts_at, strict=True):
        if adopted_at <= app.wire.now and app.rolls.share() < numbers.use_share:
            app.perform(visit, "feature.used", {"feature": feature})
            app.truth.feature_users[feature].add(visit.person.user_id)
            used.append(feature)
    return used


def meet_flag(app: Application, visit: Visit) -> None:
    """Have the flag evaluated, and perhaps use the feature behind it."""
    person, feature, truth = visit.person, world.FLAG.feature, app.truth
    flag: dict[str, object] = {"flag": feature, "variant": "on" if person.flag_on else "off", "reason": "split"}
    app.wire.emit("flag.evaluated", visit.client, flag)
    truth.flag_users["on" if person.flag_on else "off"].add(person.user_id)
    if person.flag_habit == "never" or (person.flag_used and person.flag_habit == "once"):
        return
    if not person.flag_used or app.rolls.share() < world.FLAG.use_share:
        person.flag_used = True
        truth.flag_uses[person.user_id].append(int(app.wire.now * 1000))
        truth.feature_users[feature].add(person.user_id)
        app.perform(visit, "feature.used", {"feature": feature})


def expose(app: Application, visit: Visit) -> list[str]:
    """Meet the experiments; return those whose goal the person is going to reach in this visit."""
    person, goals = visit.person, []
    for name, experiment in world.EXPERIMENTS.items():
        arm = visit.arms[name] = app.shown_variant(person.user_id, name)
        app.wire.emit("experiment.exposed", visit.client, {"experiment": name, "variant": arm})
        app.truth.exposures[name, arm].add(person.user_id)
        if not person.exposed and app.rolls.share() < experiment.conversion[arm]:
            goals.append(name)
    person.exposed = True
    return goals


def reach_goal(app: Application, visit: Visit, name: str) -> None:
    """Do the goal task of an experiment."""
    experiment = world.EXPERIMENTS[name]
    arm = visit.arms[name]
    complete(app, visit, experiment.goal_task, app.worked_ms(visit, f"{name}:{arm}"), done=True, guided=False)
    app.truth.conversions[name, arm].add(visit.person.user_id)


def do_task(app: Application, visit: Visit) -> None:
    """Do a task, for some with guidance, and finish it or give it up."""
    task = TASKS[app.rolls.below(len(TASKS))]
    guided = app.rolls.share() < world.GUIDANCE_SHARE
    if guided:
        followed = app.rolls.share() < world.GUIDANCE_FOLLOWED
        for action in ("shown", "followed" if followed else "dismissed"):
            guide: dict[str, object] = {"guide": f"tour-{task}", "action": action, "task": task}
            app.wire.emit("guidance.shown", visit.client, guide)
            app.truth.guidance[f"tour-{task}", action] += 1
        guided = followed
    done = app.rolls.share() < (world.TASK_DONE_GUIDED if guided else world.TASK_DONE_ALONE)
    took_ms = app.worked_ms(visit, "task guided" if guided else "task alone")
    complete(app, visit, task, took_ms, done=done, guided=guided)


def complete(app: Application, visit: Visit, task: str, took_ms: float, *, done: bool, guided: bool) -> None:
    """End a task."""
    properties: dict[str, object] = {
        "task": task,
        "completed": done,
        "guided": guided,
        "duration_ms": took_ms,
    }
    app.wire.emit("task.completed", visit.client, properties)
    app.truth.tasks[task, guided, done] += 1


def take_step(app: Application, visit: Visit, journey: str, journey_id: str, index: int) -> None:
    """Reach a step of a journey."""
    step = world.JOURNEYS[journey].steps[index]
    properties: dict[str, object] = {
        "journey": journey,
        "journey_id": journey_id,
        "step": step,
        "step_index": index,
    }
    app.wire.emit("journey.step", visit.client, properties)
    app.truth.steps[journey, step] += 1
    app.truth.step_users[journey, step].add(visit.person.user_id)


def give_score(app: Application, visit: Visit) -> None:
    """Answer how likely one is to recommend the application; nobody is asked twice in a period."""
    person = visit.person
    if app.wire.now - person.asked_at < world.NPS_PAUSE_DAYS * DAY_S:
        return
    person.asked_at = app.wire.now
    score = app.nps_score()
    app.wire.emit("feedback.submitted", visit.client, {"kind": "nps", "score": score})
    app.truth.nps[person.user_id] = score
    app.truth.votes.append((int(app.wire.now * 1000), person.user_id, score))


def give_feedback(app: Application, visit: Visit) -> None:
    """Rate a feature, report a bug, wish for a feature, or comment."""
    kind = ("rating", "rating", "bug", "feature_request", "comment")[app.rolls.below(5)]
    area = AREAS[app.rolls.below(len(AREAS))]
    properties: dict[str, object] = {"kind": kind, "area": area}
    if kind == "rating":
        score, feature = app.rating(), list(world.FEATURES)[app.rolls.below(len(world.FEATURES))]
        properties |= {"score": score, "feature": feature}
        app.truth.ratings[feature, score] += 1
    else:
        properties["text"] = TEXTS[app.rolls.below(len(TEXTS))]
        app.truth.topics[kind, area] += 1
    app.wire.emit("feedback.submitted", visit.client, properties)


def open_ticket(app: Application, visit: Visit) -> None:
    """Ask for support."""
    severity = ("low", "low", "normal", "normal", "high")[app.rolls.below(5)]
    area = AREAS[app.rolls.below(len(AREAS))]
    ticket: dict[str, object] = {"ticket_id": app.new_id("ticket"), "area": area, "severity": severity}
    app.wire.emit("support.ticket_opened", visit.server, ticket)
    app.truth.tickets[area, severity] += 1


def access_data(app: Application, visit: Visit) -> None:
    """Read, change or export what is about other people."""
    properties: dict[str, object] = {
        "action": ("read", "read", "read", "update", "export")[app.rolls.below(5)],
        "object_type": ("customer", "supplier", "user")[app.rolls.below(3)],
        "object_id": f"record-{app.rolls.below(20_000)}",
        "subject_id": f"c-{app.rolls.below(20_000):05d}",
        "reason": ("offer", "invoice", "support")[app.rolls.below(3)],
        "duration_ms": app.took_ms("data.accessed"),
        "outcome": "ok",
    }
    app.wire.emit("data.accessed", visit.server, properties)
