"""Is the process alive, and does it say truthfully what it can reach?"""

import pytest


@pytest.mark.django_db
def test_a_supervisor_learns_that_the_process_lives(client):
    assert client.get("/livez").json() == {"live": True}
    assert client.get("/readyz").status_code == 200


@pytest.mark.django_db
def test_health_names_a_redis_that_is_away(client, django_user_model, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    client.force_login(django_user_model.objects.create_user("ops1"))

    health = client.get("/api/health").json()

    assert (health["database"], health["redis"]) == ("up", "down")


@pytest.mark.django_db
def test_health_sees_a_redis_that_answers(client, django_user_model, settings, redis_url):
    settings.REDIS_URL = redis_url
    client.force_login(django_user_model.objects.create_user("ops1"))

    assert client.get("/api/health").json()["redis"] == "up"
