"""Events that only the other Segment calls make: a screen shown, a user identified, a group joined."""

from schemas.catalog.base import Properties


class ScreenViewed(Properties):
    """A screen of a mobile application was shown (a `screen` call)."""


class UserIdentified(Properties):
    """A user became known (an `identify` call)."""


class GroupJoined(Properties):
    """A user joined a group (a `group` call)."""


EVENTS: dict[str, type[Properties]] = {
    "screen.viewed": ScreenViewed,
    "user.identified": UserIdentified,
    "group.joined": GroupJoined,
}
