"""How fast can Python read Kafka at all? A bare consume loop that touches every value and does nothing with it.

`python -m benchmarks.bare RECORDS` reads so many and ends.
"""

import sys

import structlog

from benchmarks.reading import MOST, WAIT_SECONDS, consumer_at_the_beginning
from cli.logs import set_up
from cli.settings import settings

log = structlog.get_logger(__name__)


def main(records: int) -> None:
    """Read `records` records."""
    set_up("json")
    consumer = consumer_at_the_beginning(settings())
    log.info("reading")
    left, size = records, 0
    while left > 0:
        messages = consumer.consume(MOST, WAIT_SECONDS)
        for message in messages:
            size += len(message.value() or b"")
        left -= len(messages)
    log.info("stored", bytes=size)
    consumer.close()


if __name__ == "__main__":
    main(int(sys.argv[1]))
