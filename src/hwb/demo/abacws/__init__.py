"""Abacws: the demo's own service, a program beside Hwb that signs people in with it, as anybody's service does
(hwb.demo.party). It shows what Hwb says of whoever is signed in."""

#: What Hwb is to tell of a person.
SCOPES = ("openid", "profile", "email", "roles", "organisation", "age_band")
