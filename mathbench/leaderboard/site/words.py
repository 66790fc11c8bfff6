"""Numbers as short text."""

MINUS = "\N{MINUS SIGN}"


def ordinal(number: int) -> str:
    """A place in words.

    >>> [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 22, 101, 111)]
    ['1st', '2nd', '3rd', '4th', '11th', '12th', '13th', '22nd', '101st', '111th']
    """
    end = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{end}"


def count(number: int) -> str:
    """A large number with a unit.

    >>> [count(n) for n in (999, 44_120, 3_412_992, 7_600_000_000, 999_999, 1_200_000_000_000)]
    ['999', '44.1k', '3.41M', '7.6B', '1M', '1.2T']
    """
    for size, unit in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if number >= 0.9995 * size:
            return f"{number / size:.3g}{unit}"
    return str(number)


def span(lengths: range) -> str:
    """A range of lengths.

    >>> span(range(3, 4)), span(range(3, 7))
    ('3', '3-6')
    """
    return str(lengths.start) if len(lengths) == 1 else f"{lengths.start}-{lengths.stop - 1}"


def duration(seconds: float) -> str:
    """A time of computing.

    >>> [duration(s) for s in (42, 600, 5_400, 52_300, 400_000)]
    ['42 s', '10 min', '1.5 h', '14.5 h', '111 h']
    """
    if seconds < 100:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.3g} min" if seconds < 3600 else f"{seconds / 3600:.3g} h"


def signed_points(difference: float) -> str:
    """A difference of shares in percentage points; the sign of a difference that rounds to zero is left out.

    >>> signed_points(0.0123), signed_points(-0.0004) == f"{MINUS}0.04", signed_points(-0.00001)
    ('+1.23', True, '0.00')
    """
    shown = f"{100 * difference:+.2f}".replace("-", MINUS)
    return shown[1:] if shown[1:] == "0.00" else shown
