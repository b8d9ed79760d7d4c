"""SCIM 2.0 for services that read: people and classes (RFC 7643, RFC 7644)."""
