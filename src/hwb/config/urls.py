"""All addresses of the server."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from hwb.config.health import healthz

urlpatterns: list[URLPattern | URLResolver] = [path("healthz", healthz, name="healthz")]
if find_spec("hwb.api.urls") is not None:
    urlpatterns.append(path("", include("hwb.api.urls")))
