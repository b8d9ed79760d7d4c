"""Addresses of the pages about the service itself, below the language."""

from django.urls import path

from hwb.web import information

urlpatterns = [
    path("status/", information.status, name="status"),
    path("accessibility/", information.accessibility, name="accessibility"),
    path("privacy/", information.privacy, name="privacy"),
    path("cookies/", information.cookies, name="cookies"),
]
