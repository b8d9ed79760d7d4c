"""Abacws: the demo's own service, a program beside Hwb that signs people in with it, as anybody's service does.

Nothing of the server is in it: it knows Hwb by its address, and signs people in with Authlib's client. It is run as a
module with what it was registered with in its environment (ISSUER, CLIENT_ID, CLIENT_SECRET, PORT), and ends when its
standard input does.
"""

#: What Hwb is to tell of a person.
SCOPES = ("openid", "profile", "email", "roles", "organisation", "age_band")
#: Below the address of the service: where Hwb leads people back to, where it leads who signed out, what it tells who
#: is out, and where the tile of the launcher leads.
BACK, BYE, OUT, START = "/back", "/bye", "/out", "/sign-in"
