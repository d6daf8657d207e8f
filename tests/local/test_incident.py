"""When an incident is on: once, or coming back."""

import pytest

from local.simulator.incident import Incident, health


@pytest.mark.parametrize(("elapsed", "is_on"), [(29.9, False), (30, True), (89.9, True), (90, False), (400, False)])
def test_an_incident_is_on_from_its_beginning_to_its_end(elapsed: float, is_on: bool) -> None:
    assert Incident("outage", 30, 60).is_on(elapsed) == is_on


def test_one_that_comes_back_is_on_as_often_as_said() -> None:
    incident = Incident("errors", 10, 5, times=3, pause_s=15)
    on = [second for second in range(200) if incident.is_on(second)]
    assert on == [*range(10, 15), *range(30, 35), *range(50, 55)]
    assert health(incident, 12).failing == 0.3
    assert health(incident, 20).failing == 0.0
