"""The macros of Grafana's plugin, expanded by us: what comes out is what the plugin makes of them."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboards.macros import MacroError, Span, expand, variables_of

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = Span(BEGIN, BEGIN + timedelta(hours=1))
FROM, TO = int(BEGIN.timestamp()), int(BEGIN.timestamp()) + 3600


@pytest.mark.parametrize(
    ("written", "expanded"),
    [
        ("$__timeFilter(t)", f"t >= toDateTime({FROM}, 'UTC') AND t <= toDateTime({TO}, 'UTC')"),
        ("$__dateFilter(d)", f"d >= toDate(toDateTime({FROM}, 'UTC')) AND d <= toDate(toDateTime({TO}, 'UTC'))"),
        ("$__timeInterval(f(a, (b)))", "toStartOfInterval(toDateTime(f(a, (b))), INTERVAL 30 second)"),
        ("$__interval_s < 60", "30 < 60"),
        ("$__fromTime", f"toDateTime({FROM}, 'UTC')"),
    ],
)
def test_a_macro_becomes_what_the_plugin_makes_of_it(written: str, expanded: str) -> None:
    assert expand(written, HOUR, {}) == expanded


def test_a_condition_falls_away_when_nothing_is_chosen() -> None:
    written = "$__conditionalAll(service IN (${service:singlequote}), $service)"
    assert expand(written, HOUR, {}) == "1=1"
    assert expand(written, HOUR, {"service": ["web", "api"]}) == "service IN ('web','api')"


def test_a_chosen_value_cannot_leave_its_quotes() -> None:
    assert expand("${x:singlequote}", HOUR, {"x": ["a' OR 1=1 --\\"]}) == "'a\\' OR 1=1 --\\\\'"


def test_a_chosen_value_is_not_taken_for_a_macro_that_reads_more() -> None:
    with pytest.raises(MacroError):
        expand("${x:singlequote}", HOUR, {"x": ["$__timeFilter(secret)"]})


@pytest.mark.parametrize("wrong", ["$__unknown(t)", "$variable", "${x:csv}", "$__timeFilter(t"])
def test_what_is_not_known_is_refused(wrong: str) -> None:
    with pytest.raises(MacroError):
        expand(wrong, HOUR, {})


@pytest.mark.parametrize(
    ("length", "seconds"), [(timedelta(minutes=15), 10), (timedelta(days=1), 900), (timedelta(days=28), 21_600)]
)
def test_a_range_is_cut_into_no_more_points_than_can_be_told_apart(length: timedelta, seconds: int) -> None:
    span = Span(BEGIN, BEGIN + length)
    assert span.interval_s == seconds
    assert length.total_seconds() / span.interval_s <= span.points


def test_the_variables_of_a_query_are_found() -> None:
    assert variables_of("${a:singlequote} $__fromTime ${b:singlequote}") == {"a", "b"}
