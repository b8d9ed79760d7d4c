"""How passwords are hashed. One hasher only: a second would answer in another time, and so tell who exists."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class LightArgon2Hasher(Argon2PasswordHasher):
    """argon2id with OWASP's smaller figures: memory 19 MiB, two passes, one lane."""

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1
