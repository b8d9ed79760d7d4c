"""The server's WSGI application."""

import os

from django.core.wsgi import get_wsgi_application

from hwb.embedded import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hwb.config.settings")
if os.environ.get("HWB_DIE_WITH_PARENT") == "1":
    die_with_parent()  # `hwb serve` must not leave a web process behind that holds the port

application = get_wsgi_application()
