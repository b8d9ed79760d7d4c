"""Addresses of signing in and of one's own account, below the language."""

from django.urls import path

from hwb.signin import children, launcher, letters, own, recovery, steps, views
from hwb.signin.oidc import urls as oidc
from hwb.signin.saml import urls as saml

urlpatterns = [
    path("", own.start, name="start"),
    path("sign-in/", views.sign_in, name="sign-in"),
    path("badge/", children.badge, name="badge"),
    path("pictures/", children.pictures, name="pictures"),
    path("class/", children.class_sign_in, name="class-sign-in"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("first-sign-in/<str:token>/", views.first_sign_in, name="first-sign-in"),
    path("second-step/", views.second_step, name="second-step"),
    path("services/", launcher.launcher, name="launcher"),
    path("stay/", own.stay, name="stay"),
    path("forgotten/", recovery.forgotten, name="forgotten"),
    path("forgotten/<str:token>/", recovery.recover, name="recover"),
    path("recovery-address/<str:token>/", recovery.confirm_address, name="confirm-recovery-address"),
    path("account/recovery-address/", recovery.own_address, name="own-recovery-address"),
    path("again/", views.give_again, name="again"),
    path("account/", own.account, name="own-account"),
    path("account/sign-out-everywhere/", own.sign_out_everywhere, name="sign-out-everywhere"),
    path("account/sessions/<uuid:device>/end/", own.end_session, name="end-session"),
    path("account/language/", letters.keep_language, name="keep-language"),
    path("account/messages/", letters.own_messages, name="own-messages"),
    path("account/second-step/", steps.own_second_step, name="own-second-step"),
    path("account/second-step/app/", steps.add_app, name="second-step-app"),
    path("account/second-step/passkey/", steps.add_passkey, name="second-step-passkey"),
    path("account/second-step/codes/", steps.recovery_codes, name="second-step-codes"),
    path("account/second-step/remove/<uuid:factor>/", steps.remove, name="second-step-remove"),
    path("account/move-question/", own.move_question, name="move-question"),
    path("password/", own.own_password, name="own-password"),
    *oidc.pages,
    *saml.pages,
]
