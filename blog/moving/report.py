"""What an import did: how much it took, and every row that it changed or could not take, with the reason."""

from collections import Counter
from collections.abc import Iterator
from textwrap import wrap

WIDTH = 100


class Report:
    """Filled while rows move; `lines` is the summary."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        self.known: Counter[str] = Counter()
        self.changed: dict[str, list[str]] = {}
        self.left: dict[str, list[str]] = {}

    def change(self, reason: str, row: str) -> None:
        """A row was taken, but not as it was."""
        self.changed.setdefault(reason, []).append(row)

    def leave(self, reason: str, row: object) -> None:
        """A row was not taken."""
        self.left.setdefault(reason, []).append(str(row))

    def lines(self) -> Iterator[str]:
        for title, groups in (("Taken with a change", self.changed), ("Not taken", self.left)):
            for reason, rows in groups.items():
                yield f"{title}: {reason} ({len(rows):,}):"
                yield from _listed(rows)
        if any(self.known.values()):
            yield f"Here already, and not touched: {_counts(self.known)}."

    def total(self) -> str:
        """The taken in one phrase, with the number of rows that were not."""
        left = sum(map(len, self.left.values()))
        return f"{_counts(self.taken)} taken, {left:,} {'row' if left == 1 else 'rows'} not taken."


def _counts(counter: Counter[str]) -> str:
    names = {"people": "person", "follows": "follow", "posts": "post", "private messages": "private message"}
    return ", ".join(f"{counter[many]:,} {one if counter[many] == 1 else many}" for many, one in names.items())


def _listed(rows: list[str]) -> Iterator[str]:
    """Ids run on in paragraphs; what has words has lines of its own."""
    if any(" " in row for row in rows):
        yield from (f"    {printable(row)}" for row in rows)
    else:
        yield from wrap(", ".join(rows), WIDTH, initial_indent="    ", subsequent_indent="    ")


def printable(text: str) -> str:
    """`text` without what would steer a terminal."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
