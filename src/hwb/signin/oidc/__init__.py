"""Signing in to services with OpenID Connect: allauth's provider, completed.

Of allauth are the rules of the token, userinfo, introspection and revocation requests (its request validator on
oauthlib) and the rows of clients and tokens. Ours are the authorization request, which is a page; who may sign in to
what; codes in the database, good once; families of refresh tokens; pairwise identifiers; keys; log-out.
"""
