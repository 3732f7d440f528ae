"""The configuration names what is wrong with it."""

import pytest

from agent.config import BadConfig, ConfiguredHttp, clean_name, load, metrics_address

FULL = """
server = "https://rootward.lab:8470"
host = "web1"
home = "/tmp/x"
metrics = ""
interval = 5
[tags]
site = "bj1"
[logs]
kernel = "/dev/kmsg"
journal = false
files = ["/var/log/*.log"]
[[target]]
kind = "http"
url = "http://shop.lab/"
service = "nginx"
[[target]]
kind = "tcp"
host = "db.lab"
port = 5432
[[dependency]]
service = "web1/nginx"
on = "db1/postgresql"
[hints]
long_poll = true
"""


def write(tmp_path, text):
    path = tmp_path / "agent.toml"
    path.write_text(text)
    return path


def test_no_file_means_defaults_and_the_host_name():
    config = load(None)
    assert config.host
    assert config.interval == 15


def test_everything_can_be_set(tmp_path):
    config = load(write(tmp_path, FULL))
    assert isinstance(config.target[0], ConfiguredHttp)
    assert config.target[0].service == "nginx"
    assert config.targets[0].url == "http://shop.lab/"
    assert config.hints.long_poll


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("intervall = 3", "intervall"),
        ("[logs]\nkernal = ''", "kernal"),
        ("interval = 'x'", "interval"),
        ("[[target]]\nkind = 'tcp'\nhost = 'a'", "port"),
        ("[[target]]\nkind = 'tcp'\nhost = 'a'\nport = 70000", "port"),
        ("[[target]]\nkind = 'shell'\ncommand = 'id'", "shell"),
        ("= 3", "agent.toml"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, named):
    with pytest.raises(BadConfig, match=named):
        load(write(tmp_path, text))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BadConfig, match="nowhere"):
        load(tmp_path / "nowhere.toml")


def test_a_host_name_fits_the_wire():
    assert clean_name("_web 1!") == "web-1"


def test_metrics_address():
    assert metrics_address("127.0.0.1:9470") == ("127.0.0.1", 9470)
    assert metrics_address("[::1]:9") == ("::1", 9)
    assert metrics_address("") is None
    with pytest.raises(BadConfig, match="metrics"):
        metrics_address("9470")
