"""The composition root as a Django app, so that its system checks run."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "hwb.config"
    label = "hwb_config"

    def ready(self) -> None:
        from hwb.config import checks  # noqa: F401 - registers them
