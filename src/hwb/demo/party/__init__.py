"""What the demo's own services have in common: a small program on the loopback, to which people sign in with Hwb.

Nothing of the server is in it. A program is run with what it was registered with in its environment (ISSUER, CLIENT_ID,
CLIENT_SECRET, PORT), says "ready" when it answers, and ends when its standard input does.
"""

#: Below the address of a service: where Hwb leads people back to, where it leads who signed out, what it tells who is
#: out, and where the tile of the launcher leads.
BACK, BYE, OUT, START = "/back", "/bye", "/out", "/sign-in"
