"""Addresses of the provider: those of programs, and the two pages, whose first address has no language."""

from django.urls import path

from hwb.signin.oidc import authorize, endpoints, log_out

urlpatterns = [
    path(".well-known/openid-configuration", endpoints.configuration, name="oidc-configuration"),
    path(".well-known/oauth-authorization-server", endpoints.configuration, name="oidc-metadata"),
    path("api/oidc/keys", endpoints.keys, name="oidc-keys"),
    path("api/oidc/token", endpoints.token, name="oidc-token"),
    path("api/oidc/userinfo", endpoints.userinfo, name="oidc-userinfo"),
    path("api/oidc/introspect", endpoints.introspection, name="oidc-introspection"),
    path("api/oidc/revoke", endpoints.revocation, name="oidc-revocation"),
    path("authorize", authorize.entry, name="oidc-authorization"),
    path("sign-out", log_out.entry, name="oidc-log-out"),
]
pages = [
    path("authorize/", authorize.authorize, name="authorize"),
    path("sign-out/service/", log_out.sign_out, name="service-sign-out"),
]
