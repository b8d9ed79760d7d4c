"""The frame as Django's app, so that its template tags are found."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "hwb.web"
    label = "web"
