"""Reads settings from the environment; docs/settings.md names each one."""

from __future__ import annotations

import os

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def flag(name: str) -> bool:
    """True for 1, and for nothing else."""
    return text(name) == "1"


def number(name: str, default: float) -> float:
    """A number above zero. Raises ImproperlyConfigured."""
    value = text(name)
    try:
        read = float(value) if value else default
    except ValueError:
        read = 0.0
    if read <= 0:
        raise ImproperlyConfigured(f"{name} must be a number above 0, not {value!r}.")
    return read


def whole(name: str, default: int) -> int:
    """A whole number above zero. Raises ImproperlyConfigured."""
    read = number(name, default)
    if read != int(read):
        raise ImproperlyConfigured(f"{name} must be a whole number, not {read}.")
    return int(read)


def names(name: str, default: str = "") -> list[str]:
    """A list written with commas."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]
