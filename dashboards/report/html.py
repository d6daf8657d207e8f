"""Writes a review as one HTML file that needs nothing else: no script, no file beside it, no network."""

from html import escape

from dashboards.report.blocks import Block, Heading, Table, Text, blocks, title
from dashboards.report.review import Review

STYLE = """
:root { --back: #fff; --text: #16202c; --quiet: #566373; --line: #d5dbe3; --good: #00674f; --bad: #b3261e;
  color-scheme: light dark; }
@media (prefers-color-scheme: dark) {
  :root { --back: #0e141b; --text: #e8edf2; --quiet: #a3b0be; --line: #33404e; --good: #4fd1ad; --bad: #ff8a80; }
}
body { font: 16px/1.5 system-ui, "Liberation Sans", sans-serif; color: var(--text); background: var(--back); margin: 2rem auto;
  max-width: 72rem; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.lead { font-size: 1.1rem; font-weight: 600; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--quiet); font-weight: 550; } .number { text-align: right; white-space: nowrap; }
.good { color: var(--good); font-weight: 600; white-space: nowrap; }
.bad { color: var(--bad); font-weight: 600; white-space: nowrap; }
@media print { body { margin: 0; max-width: none; } h2 { break-after: avoid; } tr { break-inside: avoid; } }
"""
GOOD, BAD = ("✔", "▲ better"), ("✖", "▼ worse")


def html(review: Review) -> str:
    """Give the review as one HTML document."""
    name = escape(title(review))
    body = "\n".join(_block(block, is_first=number == 0) for number, block in enumerate(blocks(review)))
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{name}</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<h1>{name}</h1>\n{body}\n</body>\n</html>\n"
    )


def _block(block: Block, *, is_first: bool) -> str:
    if isinstance(block, Heading):
        return f"<h2>{escape(block.text)}</h2>"
    if isinstance(block, Text):
        return f"<p{' class=lead' if is_first else ''}>{escape(block.text)}</p>"
    return _table(block)


def _table(table: Table) -> str:
    def cells(tag: str, texts: "list[str] | tuple[str, ...]") -> str:
        return "".join(_cell(tag, text, place in table.numeric) for place, text in enumerate(texts))

    head = cells('th scope="col"', tuple(table.columns))
    rows = "\n".join(f"<tr>{cells('td', tuple(row))}</tr>" for row in table.rows)
    return f'<div class="scroll"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>'


def _cell(tag: str, text: str, is_number: bool) -> str:
    tone = "good" if text.startswith(GOOD) else "bad" if text.startswith(BAD) else "number" if is_number else ""
    marked = f' class="{tone}"' if tone else ""
    return f"<{tag}{marked}>{escape(text)}</{tag.split()[0]}>"
