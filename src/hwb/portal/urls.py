"""Addresses of the portal: those of every module beside this one that has `urlpatterns`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from django.urls import URLPattern, URLResolver

from hwb import portal

urlpatterns: list[URLPattern | URLResolver] = [
    pattern
    for module in sorted(found.name for found in iter_modules(portal.__path__) if found.name != "urls")
    for pattern in getattr(import_module(f"hwb.portal.{module}"), "urlpatterns", ())
]
