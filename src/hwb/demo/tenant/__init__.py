"""A Microsoft 365 tenant that remembers: for `make run`, for trying by hand, and for the tests of the connector.

It is as strict as Graph where Graph is a trap: mandatory fields, clashes of names (400), throttling (429), objects that
are not found just after they were made (404), `proxyAddresses` refused, a bin that is emptied after 30 days, and a
mailbox that goes 30 days after its licence. As a program it has a small page for people, and ends with its input.
"""

DAY = 24 * 60 * 60
SKUS = {"learner": "11111111-1111-4111-8111-111111111111", "staff": "22222222-2222-4222-8222-222222222222"}
SECRET = "gyfrinach"  # noqa: S105 - of a tenant that is none
