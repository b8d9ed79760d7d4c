"""A reference server for the contract of Just2easy (docs/howto/just2easy.md): works by school, and who may open them.

A program beside Hwb (hwb.demo.party) that signs people in with it; what it keeps ends with it. It is told of people at
ADAPTER, with the client id and secret of its environment (ADAPTER_ID, ADAPTER_SECRET); SCHOOLS has their names.
"""

#: What Hwb is to tell of a person.
SCOPES = ("openid", "profile")
#: The path of the adapter.
ADAPTER = "/hwb/v1"
