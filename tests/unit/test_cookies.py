"""Cookies in production, whose settings a process takes once."""

from __future__ import annotations

import os
import subprocess
import sys

_ASK = """
from django.conf import settings as s
print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.LANGUAGE_COOKIE_NAME, s.HWB_DEVICE_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE,
      s.SESSION_COOKIE_HTTPONLY, s.SESSION_COOKIE_SAMESITE, s.SESSION_COOKIE_DOMAIN, s.SESSION_COOKIE_PATH,
      s.SECURE_HSTS_SECONDS, s.SECURE_HSTS_INCLUDE_SUBDOMAINS)
"""


def test_cookies_belong_to_the_host_alone_and_https_is_remembered() -> None:
    environment = {
        **os.environ, "HWB_PRODUCTION": "1", "HWB_SECRET_KEY": "x" * 50, "HWB_HOSTS": "hwb.example.wales",
        "DJANGO_SETTINGS_MODULE": "hwb.config.settings",
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", _ASK], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [
        "__Host-sessionid", "__Host-csrftoken", "__Host-language", "__Host-device", "True", "True", "True", "Lax", "None", "/",
        "31536000", "True",
    ]  # fmt: skip
