"""Dates that phones write into the heads of logs: in other languages, orders and time zones."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

# Beginnings of the names of months, without accents: English, German, Spanish, French, Italian, Portuguese, Dutch,
# Nordic, Polish, Turkish, Russian.
MONTHS = (
    ("jan", "ene", "gen", "sty", "oca", "янв"),
    ("feb", "fev", "lut", "sub", "фев"),
    ("mar", "maa", "mrt", "mae", "мар"),
    ("apr", "abr", "avr", "kwi", "nis", "апр"),
    ("may", "mai", "mei", "mag", "maj", "маи", "мая"),
    ("jun", "juin", "giu", "cze", "haz", "июн"),
    ("jul", "juil", "lug", "lip", "tem", "июл"),
    ("aug", "ago", "aou", "sie", "agu", "авг"),
    ("sep", "set", "wrz", "eyl", "сен"),
    ("oct", "okt", "ott", "out", "paz", "eki", "окт"),
    ("nov", "lis", "kas", "ноя"),
    ("dec", "dez", "dic", "des", "gru", "ara", "дек"),
)
ZONES_H = {  # hours east of UTC; names with several meanings are left out
    **{"UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2, "EET": 2, "EEST": 3},
    **{"MSK": 3, "SGT": 8, "HKT": 8, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13},
    **{"BRT": -3, "EDT": -4, "EST": -5, "CDT": -5, "MDT": -6, "MST": -7, "PDT": -7, "PST": -8},
}
CLOCK = re.compile(r"(?<!\d)(\d{1,2}):(\d{2}):(\d{2})(?:[.,]\d+)?\s*([ap]\.?\s?m\b)?", re.IGNORECASE)
OFFSET = re.compile(r"(?:GMT|UTC)?\s*([+-])(\d{1,2}):?(\d{2})?$")
ZONE = re.compile(r"[A-Z]{1,5}")
NUMERIC = re.compile(r"(\d{1,4})[-/.年]\s?(\d{1,2})[-/.月]\s?(\d{1,4})")


class LogDate(NamedTuple):
    """A date, and what is uncertain about it."""

    epoch_s: int
    assumed: str = ""


def parse_log_date(text: str) -> LogDate | None:
    """Seconds since the epoch; None for a text without day, month, year and time of day.

    >>> parse_log_date("Wed Jun 14 10:00:58 GMT+02:00 2023")
    LogDate(epoch_s=1686729658, assumed='')
    >>> parse_log_date("mié. 14 de junio de 2023, 10:00:58 CEST")
    LogDate(epoch_s=1686729658, assumed='')
    >>> parse_log_date("03/04/2023 10:00:58")
    LogDate(epoch_s=1680516058, assumed='the day before the month and UTC')
    """
    if (clock := CLOCK.search(text)) is None:
        return None
    rest = f"{text[: clock.start()]} {text[clock.end() :]}"
    zone_h, unknown = _zone(rest, text[clock.end() :])
    if (found := _day(rest)) is None:
        return None
    (year, month, day), ordered = found
    hour, minute, second = (int(part) for part in clock.groups()[:3])
    if half := (clock[4] or "").lower():
        hour = hour % 12 + 12 * half.startswith("p")
    try:
        local = datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc)
        stamp = local - timedelta(hours=zone_h)
    except (ValueError, OverflowError):
        return None
    assumed = " and ".join(filter(None, ["" if ordered else "the day before the month", unknown]))
    return LogDate(int(stamp.timestamp()), assumed)


def _day(text: str) -> tuple[tuple[int, int, int], bool] | None:
    """Year, month and day, and whether their order is certain."""
    if numeric := NUMERIC.search(text):
        first, middle, last = (int(part) for part in numeric.groups())
        if first > 31:
            return (first, middle, last), True
        if middle > 12:
            return (last, first, middle), True
        return (last, middle, first), first > 12 or first == middle
    letters = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    months = [number for word in re.findall(r"[^\W\d_]+|\d+月", plain) if (number := _month(word))]
    years, days = re.findall(r"\b(\d{4})\b", plain), re.findall(r"(?<![\d:+-])(\d{1,2})(?![\d:月])", plain)
    return ((int(years[0]), months[-1], int(days[0])), True) if months and years and days else None


def _month(word: str) -> int:
    return next((at for at, names in enumerate(MONTHS, 1) if word.startswith(names) or word == f"{at}月"), 0)


def _zone(text: str, after_clock: str) -> tuple[float, str]:
    """Hours east of UTC, and what is assumed about them."""
    for word in after_clock.split() + text.split():
        if offset := OFFSET.fullmatch(word):
            return (1 if offset[1] == "+" else -1) * (int(offset[2]) + int(offset[3] or 0) / 60), ""
        if word in ZONES_H and not re.search(rf"{word}\s*[+-]\d", text):
            return ZONES_H[word], ""
    names = [word for word in after_clock.split() if ZONE.fullmatch(word)]
    return 0, f"UTC instead of {names[0]}" if names else "UTC"
