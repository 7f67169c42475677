"""Characters as people see them: what every limit of the site is counted in."""

import regex

CODE_POINTS_PER_CHARACTER = 32  # The longest emoji, a kiss with two skin tones, has ten.

_CLUSTER = regex.compile(r"\X")
_FLAG = regex.compile(r"\p{RI}{2}")


def count(text: str) -> int:
    """The number of characters as people see them (extended grapheme clusters, UAX #29).

    A cluster counts once more for every 32 code points, so that one "character" cannot carry a book.
    """
    # A pair of regional indicators is replaced first: \X looks back over all of them at each, which is quadratic.
    clusters = _CLUSTER.findall(_FLAG.sub("F", text))
    return sum(1 + (len(cluster) - 1) // CODE_POINTS_PER_CHARACTER for cluster in clusters)
