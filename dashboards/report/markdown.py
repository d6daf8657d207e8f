"""Writes a review as Markdown."""

from dashboards.report.blocks import Heading, Table, Text, blocks, title
from dashboards.report.review import Review


def markdown(review: Review) -> str:
    """Give the review as Markdown."""
    parts = [f"# {title(review)}"]
    for block in blocks(review):
        if isinstance(block, Heading):
            parts.append(f"## {block.text}")
        elif isinstance(block, Text):
            parts.append(_escaped(block.text))
        else:
            parts.append(_table(block))
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> str:
    rule = ["--:" if place in table.numeric else "---" for place in range(len(table.columns))]
    lines = [table.columns, rule, *([_escaped(cell) for cell in row] for row in table.rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _escaped(text: str) -> str:
    """Keep text from being read as markup."""
    for sign in "\\`*_[]<>|#":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())
