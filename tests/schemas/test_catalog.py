"""The catalog: its events, its families, and the property models that stand behind a name."""

import pytest

from schemas.catalog import CATALOG, Properties, catalog_name, properties_model, registry
from schemas.envelope import CALLS


def test_every_call_makes_an_event_of_the_catalog() -> None:
    assert {model.event for name, model in CALLS.items() if name != "track"} <= CATALOG.keys()


def test_an_event_has_one_family() -> None:
    with pytest.raises(ValueError, match=r"two event families: \['a\.b'\]"):
        registry._gather([{"a.b": Properties}, {"a.b": Properties}])


def test_an_unknown_name_has_the_base_properties() -> None:
    assert properties_model("crane.rented") is Properties
    assert catalog_name("crane.rented") is None


def test_a_name_that_ends_in_a_star_stands_for_all_that_begin_so() -> None:
    assert catalog_name("goal.retention_1") == "goal.*"
    assert properties_model("goal.retention_1") is CATALOG["goal.*"]
    assert catalog_name("goals.retention_1") is None


@pytest.mark.parametrize("event", CATALOG)
def test_names_follow_one_pattern(event: str) -> None:
    family, _, what = event.partition(".")
    assert family.isidentifier()
    assert what.isidentifier() or what == "*"
    assert event == event.lower()


@pytest.mark.parametrize("event", CATALOG)
def test_every_event_knows_duration_and_outcome_and_is_described(event: str) -> None:
    model = CATALOG[event]
    assert issubclass(model, Properties)
    assert {"duration_ms", "outcome"} <= model.model_fields.keys()
    assert model.__doc__ not in (None, Properties.__doc__)
