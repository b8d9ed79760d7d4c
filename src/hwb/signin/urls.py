"""Addresses of signing in and of one's own account, below the language."""

from django.urls import path

from hwb.signin import letters, own, views
from hwb.signin.oidc import urls as oidc
from hwb.signin.saml import urls as saml

urlpatterns = [
    path("", own.start, name="start"),
    path("sign-in/", views.sign_in, name="sign-in"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("first-sign-in/<str:token>/", views.first_sign_in, name="first-sign-in"),
    path("again/", views.give_again, name="again"),
    path("account/", own.account, name="own-account"),
    path("account/sign-out-everywhere/", own.sign_out_everywhere, name="sign-out-everywhere"),
    path("account/messages/", letters.own_messages, name="own-messages"),
    path("password/", own.own_password, name="own-password"),
    *oidc.pages,
    *saml.pages,
]
