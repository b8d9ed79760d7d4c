"""Signing in to services with SAML 2.0: an identity provider on pysaml2's messages and xmlsec1's signatures.

Requests are read by a parser that knows neither document types nor entities, and believed only as far as the metadata
that the service was registered with go. What services are told is what OpenID Connect tells them (interfaces.md).
"""
