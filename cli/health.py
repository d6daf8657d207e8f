"""Asks a process of ours on this machine whether it lives: `python -m cli.health [PORT [PATH]]`, for containers without curl.

It imports nothing but the standard library, so that asking twice a minute costs next to nothing.
"""

import sys
import urllib.error
import urllib.request

TIMEOUT_SECONDS = 4


def main(arguments: list[str]) -> int:
    """Ask and return the exit code: 0 it answers with 200; 1 it does not. Port 9464 and /livez unless others are given."""
    port, path = [*arguments, *("9464", "/livez")[len(arguments) :]][:2]
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=TIMEOUT_SECONDS) as answer:
            print(answer.read(1000).decode(errors="replace").strip())
            return 0
    except (urllib.error.URLError, OSError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
