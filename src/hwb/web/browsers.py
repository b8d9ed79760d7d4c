"""A browser and a system in a word, from what the browser says of itself. It may claim anything: for reading only."""

from __future__ import annotations

_BROWSERS = (
    ("Edg/", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("CrOS", "ChromeOS"), ("Windows", "Windows"),
    ("Macintosh", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


def named(stated: str) -> tuple[str, str]:
    """Browser and system; empty what is not known. Both are names, the same in every language."""
    browser = next((name for mark, name in _BROWSERS if mark in stated), "")
    system = next((name for mark, name in _SYSTEMS if mark in stated), "")
    return browser, system
