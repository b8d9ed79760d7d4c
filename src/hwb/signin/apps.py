"""The sign-in as Django's app."""

from django.apps import AppConfig


class SigninConfig(AppConfig):
    name = "hwb.signin"
    label = "signin"
