import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/en/sign-in/",
        "/cy/sign-in/",
        "/en/status/",
        "/cy/cookies/",
        "/en/nothing/",
        "/cy/privacy/",
        "/cy/accessibility/",
        "/en/first-sign-in/x/",
    ],
)
def test_page(client, path):
    r = client.get(path)
    print(path, r.status_code, r.headers, r.content.decode()[:200])
    assert r.status_code < 500
    assert b"Hwb" in r.content
