"""The directory as Django's app: everything stored."""

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    """All models live here (architecture.md, "What is stored")."""

    name = "hwb.directory"
    label = "directory"
