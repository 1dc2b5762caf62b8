"""What the service answers."""

import socket
import time

import pytest
from automation import MESSAGE, create_app
from flask.testing import FlaskClient


@pytest.fixture
def client() -> FlaskClient:
    return create_app(now=lambda: 1529611161.9).test_client()


def test_the_first_page_names_the_host(client: FlaskClient) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.text) == (200, f"{socket.gethostname()}\n")
    assert answer.mimetype == "text/plain"


def test_the_message_comes_with_whole_seconds(client: FlaskClient) -> None:
    answer = client.get("/time")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.get_json() == {"message": MESSAGE, "timestamp": 1529611161}


def test_the_message_is_the_promised_one() -> None:
    assert MESSAGE == "Automation for the People"


def test_the_time_is_the_clock_s_and_goes_on() -> None:
    ticks = iter([1.5, 2.5])
    client = create_app(now=lambda: next(ticks)).test_client()
    assert [client.get("/time").get_json()["timestamp"] for _ in "ab"] == [1, 2]


def test_without_another_clock_it_is_this_machine_s() -> None:
    before = int(time.time())
    said = create_app().test_client().get("/time").get_json()["timestamp"]
    assert before <= said <= int(time.time())


def test_health(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


@pytest.mark.parametrize("path", ["/", "/time", "/healthz"])
def test_nothing_can_be_sent_to_it(client: FlaskClient, path: str) -> None:
    assert client.post(path, data="x").status_code == 405


def test_other_paths_are_not_there(client: FlaskClient) -> None:
    assert client.get("/other").status_code == 404
