import re
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from lms_project import env, options

ROOT = Path(__file__).resolve().parents[2]


def test_with_nothing_set_both_point_at_the_embedded_sockets_though_nothing_runs(tmp_path: Path):
    config = env.database_config({}, tmp_path)
    assert config["HOST"] == str(tmp_path / "run" / "pg")
    assert config["PASSWORD"] == env.database_config({}, tmp_path)["PASSWORD"] != ""
    assert env.broker_url({}, tmp_path) == f"redis+socket://{tmp_path}/run/redis.sock"


def test_the_run_folder_moves_the_sockets(tmp_path: Path):
    environ = {"ADAPTIVE_RUN_DIR": str(tmp_path / "a b")}
    assert env.database_config(environ, tmp_path)["HOST"] == str(tmp_path / "a b" / "pg")
    assert env.broker_url(environ, tmp_path).endswith("/a%20b/redis.sock")


def test_servers_of_ones_own_replace_the_embedded_ones(tmp_path: Path):
    environ = {"DATABASE_URL": "postgres://u:p%40ss@db.example:5433/learn", "CELERY_BROKER_URL": "amqp://u:p@mq/v"}
    config = env.database_config(environ, tmp_path)
    assert (config["HOST"], config["PORT"], config["NAME"], config["USER"], config["PASSWORD"]) == (
        "db.example",
        5433,
        "learn",
        "u",
        "p@ss",
    )
    assert env.broker_url(environ, tmp_path) == "amqp://u:p@mq/v"
    assert not env.database_is_embedded(environ) and not env.broker_is_embedded(environ)
    assert list(tmp_path.iterdir()) == []  # no secret is made for a database that is not ours


def test_the_web_process_keeps_a_pool_of_connections(tmp_path: Path):
    config = env.database_config({"ADAPTIVE_DB_POOL": "4"}, tmp_path)
    assert config["OPTIONS"]["pool"]["max_size"] == 4
    assert config["CONN_MAX_AGE"] == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "learn"),
        ("DATABASE_URL", "mysql://u:hidden@h/d"),
        ("DATABASE_URL", "sqlite:///learn.db"),
        ("DATABASE_URL", "postgres://u:hidden@h:port/d"),
        ("DATABASE_URL", "postgres://u:hidden@h/"),
        ("ADAPTIVE_DB_POOL", "many"),
        ("ADAPTIVE_DB_POOL", "0"),
    ],
)
def test_a_bad_database_setting_is_one_sentence_that_names_it_and_keeps_the_password(
    tmp_path: Path, name: str, value: str
):
    with pytest.raises(ImproperlyConfigured, match=name) as caught:
        env.database_config({name: value}, tmp_path)
    assert_one_sentence(str(caught.value))


@pytest.mark.parametrize(
    "value",
    [
        "localhost",
        "redis:",
        "redis://",
        "filesystem://hidden",
        "sqla+sqlite:///x",
        "redis://:hidden@h:x/0",
        "memory://",
    ],
)
def test_a_bad_broker_is_one_sentence_that_names_the_setting_and_keeps_the_password(tmp_path: Path, value: str):
    with pytest.raises(ImproperlyConfigured, match="CELERY_BROKER_URL") as caught:
        env.broker_url({"CELERY_BROKER_URL": value}, tmp_path)
    assert_one_sentence(str(caught.value))


def test_a_data_folder_that_is_a_file_is_one_sentence(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ImproperlyConfigured, match="set ADAPTIVE_DATA_DIR to a folder that you own") as caught:
        env.database_config({}, tmp_path / "file")
    assert_one_sentence(str(caught.value))


def test_the_budget_of_a_server_is_a_whole_number(tmp_path: Path) -> None:
    server = {"ADAPTIVE_LLM_URL": "http://127.0.0.1:8000/v1", "ADAPTIVE_LLM_NAME": "some-model"}
    assert options.adaptive_settings(server, tmp_path)["LLM_OPTIONS"]["budget_tokens"] == 0
    given = options.adaptive_settings({**server, "ADAPTIVE_LLM_TOKENS_A_DAY": "50000"}, tmp_path)
    assert given["LLM_OPTIONS"]["budget_tokens"] == 50_000
    assert given["LLM_OPTIONS"]["budget_file"] == str(tmp_path / "llm_budget.json")
    for wrong in ("-1", "1.5", "many", "nan", "inf"):
        with pytest.raises(ImproperlyConfigured, match="ADAPTIVE_LLM_TOKENS_A_DAY") as caught:
            options.adaptive_settings({**server, "ADAPTIVE_LLM_TOKENS_A_DAY": wrong}, tmp_path)
        assert_one_sentence(str(caught.value))


def assert_one_sentence(text: str) -> None:
    assert text.endswith(".") and "\n" not in text
    assert "hidden" not in text


def test_the_example_names_every_setting_that_is_read_and_no_other():
    read: set[str] = set()
    for folder in ("lms_project", "adaptive"):
        for path in (ROOT / folder).rglob("*.py"):
            read |= set(re.findall(r"""["'](ADAPTIVE_[A-Z_]+|DATABASE_URL|CELERY_BROKER_URL)["']""", path.read_text()))
    read -= {"ADAPTIVE_SUPERVISOR", "ADAPTIVE_PRELOAD_MODELS", "ADAPTIVE_NICENESS"}  # `start` tells its own processes
    named = set(re.findall(r"^# ([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M))
    assert named == read
