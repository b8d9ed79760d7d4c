"""All addresses of the server."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import URLPattern, URLResolver, include, path

from hwb.config.health import healthz
from hwb.web import information

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("", include("hwb.api.urls")),
    path("", include("hwb.signin.oidc.urls")),
    path("", include("hwb.signin.saml.urls")),
    path("", information.front, name="front"),
    # The language is the first part of a page's address; reverse() gives that of the page in hand.
    *i18n_patterns(
        path("", include("hwb.web.urls")),
        path("", include("hwb.signin.urls")),
        path("", include("hwb.portal.urls")),
        prefix_default_language=True,
    ),
]

handler400 = "hwb.web.errors.bad_request"
handler403 = "hwb.web.errors.not_found"
handler404 = "hwb.web.errors.not_found"
handler500 = "hwb.web.errors.broken"
