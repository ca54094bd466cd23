"""Profiles from the settings file, the environment and the command line, and every way to get them wrong."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tui.batches.spending import Budget
from tui.errors import LazybatchError
from tui.requests.limits import Limits
from tui.settings import profiles

Write = Callable[[str], dict[str, str]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a settings file; gives the environment that points to it."""

    def make(content: str) -> dict[str, str]:
        path = tmp_path / "config.toml"
        path.write_text(content)
        return {"LAZYBATCH_CONFIG": str(path)}

    return make


def nothing(tmp_path: Path) -> dict[str, str]:
    return {"LAZYBATCH_CONFIG": str(tmp_path / "none.toml")}


def test_without_a_file_the_environment_is_the_profile(tmp_path: Path) -> None:
    profile = profiles.profile(
        environ=nothing(tmp_path)
        | {
            "OPENAI_API_KEY": "test-key-9f3K",
            "OPENAI_BASE_URL": "http://127.0.0.1:8080/v1/",
            "OPENAI_ORG_ID": "org-demo",
            "OPENAI_PROJECT_ID": "proj_demo",
        }
    )
    assert (profile.name, profile.source) == ("default", "environment")
    assert (profile.base_url, profile.host) == ("http://127.0.0.1:8080/v1", "127.0.0.1:8080")
    assert (profile.key, profile.key_hint) == ("test-key-9f3K", "…9f3K")
    assert (profile.organization, profile.project) == ("org-demo", "proj_demo")
    assert not profile.read_only


def test_an_empty_environment(tmp_path: Path) -> None:
    profile = profiles.profile(environ=nothing(tmp_path) | {"OPENAI_API_KEY": "", "OPENAI_BASE_URL": ""})
    assert profile.key is None
    assert profile.base_url == profiles.OPENAI_BASE_URL
    assert profile.key_hint == ""


def test_white_space_around_a_key_is_none_of_it(tmp_path: Path, write: Write) -> None:
    assert profiles.profile(environ=nothing(tmp_path) | {"OPENAI_API_KEY": " test-key\r\n"}).key == "test-key"
    assert profiles.profile(environ=nothing(tmp_path) | {"OPENAI_API_KEY": "\n"}).key is None
    environ = write('[profiles.a]\nkey_env = "A_KEY"') | {"A_KEY": "test-key\r"}
    assert profiles.profile(environ=environ).key == "test-key"


def test_a_short_key_is_not_hinted_at() -> None:
    assert profiles.Profile("a", "b", key="k" * 11).key_hint == ""
    assert profiles.Profile("a", "b", key="k" * 8 + "abcd").key_hint == "…abcd"


@pytest.mark.parametrize(
    ("address", "others"),
    [
        (profiles.OPENAI_BASE_URL, False),
        ("https://eu.api.openai.com/v1", False),
        ("http://127.0.0.1:8080/v1", False),
        ("http://localhost/v1", False),
        ("http://[::1]:80/v1", False),
        ("https://my-resource.openai.azure.com/openai/v1", True),
        ("https://openai.com.example/v1", True),
    ],
)
def test_another_providers_endpoints_may_have_other_names(write: Write, address: str, others: bool) -> None:
    assert profiles.profile(base_url=address, environ=write("")).limits.other_endpoints == others
    for said in (True, False):
        environ = write(f'[profiles.a]\nbase_url = "{address}"\nlimits.other_endpoints = {str(said).lower()}')
        assert profiles.profile(environ=environ).limits.other_endpoints == said


FULL = """
default = "prod"

[profiles.lab]
base_url = "http://127.0.0.1:9/v1"
key_env = "LAB_KEY"
read_only = true

[profiles.prod]
organization = "org-demo"
project = "proj_demo"

[profiles.prod.limits]
max_requests = 10
max_bytes = 2000
max_embedding_inputs = 5
one_model = false

[profiles.prod.limits.enqueued_tokens]
gpt-4o-mini = 2_000_000
"gpt-4.1" = 90_000

[profiles.prod.budget]
month = 200
batch = 12.5
"""


def test_a_full_file(write: Write) -> None:
    environ = write(FULL) | {"OPENAI_API_KEY": "test-key", "LAB_KEY": "test-lab-key", "OPENAI_BASE_URL": "http://no/v1"}
    found, chosen = profiles.profiles(environ)
    assert list(found) == ["lab", "prod"]
    assert chosen == "prod"
    lab, prod = found["lab"], found["prod"]
    assert (lab.base_url, lab.key, lab.read_only) == ("http://127.0.0.1:9/v1", "test-lab-key", True)
    # The environment's address belongs to the environment's profile.
    assert (prod.base_url, prod.key, prod.organization) == (profiles.OPENAI_BASE_URL, "test-key", "org-demo")
    assert prod.limits == Limits(max_requests=10, max_bytes=2000, max_embedding_inputs=5, one_model=False)
    assert prod.enqueued_tokens == {"gpt-4o-mini": 2_000_000, "gpt-4.1": 90_000}
    assert (prod.budget, lab.budget) == (Budget(month=200.0, batch=12.5), None)
    assert lab.limits == Limits()
    assert lab.enqueued_tokens == prod.enqueued_requests == {}
    assert prod.source == environ["LAZYBATCH_CONFIG"]


def test_options_win(write: Write) -> None:
    environ = write(FULL)
    assert profiles.profile(environ=environ).name == "prod"
    assert profiles.profile("lab", environ=environ).name == "lab"
    assert profiles.profile("lab", environ=environ).read_only
    assert profiles.profile("prod", read_only=True, environ=environ).read_only
    elsewhere = profiles.profile("lab", base_url="https://host/v1/", environ=environ)
    assert (elsewhere.base_url, elsewhere.source, elsewhere.key_env) == ("https://host/v1", "--base-url", "LAB_KEY")


def test_where_downloads_go(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    environ = write('[profiles.a]\ndownloads = "~/results"\n[profiles.b]\n')
    assert profiles.profile("a", environ=environ).downloads == tmp_path / "results"
    assert profiles.profile("b", environ=environ).downloads is None


def test_without_a_default_the_first_profile_is_in_use(write: Write) -> None:
    assert profiles.profile(environ=write("[profiles.b]\n[profiles.a]\n")).name == "b"


def test_an_empty_file_is_no_file(write: Write) -> None:
    assert profiles.profile(environ=write("") | {"OPENAI_API_KEY": "test-key"}).source == "environment"


def test_accounts_are_told_apart_without_their_keys() -> None:
    base = profiles.Profile("a", "s", key="secret-part-abcd")
    assert "secret" not in base.account
    others = [
        profiles.Profile("a", "s", base_url="http://x/v1", key=base.key),
        profiles.Profile("a", "s", organization="o", key=base.key),
        profiles.Profile("a", "s", project="p", key=base.key),
    ]
    assert len({base.account, *(other.account for other in others)}) == 4
    assert profiles.Profile("other", "elsewhere", key=base.key).account == base.account


def test_a_new_key_sees_its_own_list_but_knows_what_was_submitted() -> None:
    old, new = (profiles.Profile("a", "s", key=key) for key in ("test-key-abcd", "test-key-wxyz"))
    assert old.account == new.account
    assert old.view != new.view
    assert "test-key" not in old.view


def test_no_key_in_a_repr() -> None:
    profile = profiles.Profile("prod", "s", key="test-key-of-some-length")
    assert "test-key" not in repr(profile) + str(profile) + f"{profile}"
    assert "prod" in repr(profile)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("x", "is not valid TOML"),
        ("a = 1\na = 2", "is not valid TOML"),
        ('default = "gone"\n[profiles.a]', "default names the profile 'gone', which is not there"),
        ("default = []\n[profiles.a]", "default must be a text in quotes"),
        ("default = 5\n[profiles.a]", "default must be a text in quotes"),
        ("profiles = 5", "profiles must be a table"),
        ('[profile.a]\nbase_url = "http://x/v1"', "unknown setting 'profile'"),
        ('[profiles]\na = "b"', "profile a: must be a table"),
        ('[profiles.a]\nkey = "sk"', "a key does not belong in the settings"),
        ('[profiles.a]\napi_key = "sk"', "a key does not belong in the settings"),
        ('[profiles.a]\nbase_ur = "x"', "unknown setting 'base_ur'"),
        ("[profiles.a]\nbase_url = 5", "base_url must be a text in quotes"),
        ('[profiles.a]\nproject = ""', "project must be a text in quotes"),
        ('[profiles.a]\nread_only = "yes"', "read_only must be true or false"),
        ("[profiles.a]\ndownloads = true", "downloads must be a text in quotes"),
        ('[profiles.a]\ndownloads = ""', "downloads must be a text in quotes"),
        ('[profiles.a]\ndownloads = "results"', "downloads must be a whole path, from / or ~ on, not 'results'"),
        ('[profiles.a]\ndownloads = "~nobody-here/x"', "downloads: there is no home folder for '~nobody-here/x'"),
        ('[profiles.a]\ndownloads = "/dev/null"', "downloads must be a folder, and /dev/null is a file"),
        ("[profiles.a]\nlimits = 5", "profile a: limits must be a table"),
        ("[profiles.a.limits]\nmax = 5", "unknown limit 'max'. There is: max_requests"),
        ("[profiles.a.limits]\nmax_requests = 0", "the limit max_requests must be a whole number above 0"),
        ("[profiles.a.limits]\nmax_requests = true", "the limit max_requests must be a whole number above 0"),
        ("[profiles.a.limits]\nmax_bytes = 1.5", "the limit max_bytes must be a whole number above 0"),
        ("[profiles.a.limits]\none_model = 1", "the limit one_model must be true or false"),
        ("[profiles.a.limits]\nenqueued_tokens = 5", "enqueued_tokens must be a table"),
        ("[profiles.a.limits.enqueued_tokens]\nm = 0", "enqueued_tokens of m must be a whole number above 0"),
        ("[profiles.a.limits.enqueued_requests]\nm = true", "enqueued_requests of m must be a whole number above 0"),
        ("[profiles.a.limits.enqueued_tokens]\ngpt-4.1 = 5", "enqueued_tokens of gpt-4 must be a whole number"),
        ("[profiles.a]\nbudget = 5", "profile a: budget must be a table"),
        ("[profiles.a.budget]\nweek = 5", "unknown budget 'week'. There is: day, month, batch."),
        ("[profiles.a.budget]\nday = 0", "the budget of a day must be a number of US dollars above 0."),
        ("[profiles.a.budget]\nday = true", "the budget of a day must be a number"),
        ('[profiles.a.budget]\nmonth = "5"', "the budget of a month must be a number"),
        ("[profiles.a.budget]\nbatch = nan", "the budget of a batch must be a number"),
        ("[profiles.a.budget]\nbatch = inf", "the budget of a batch must be a number"),
        (f"[profiles.a.budget]\nbatch = {10**400}", "the budget of a batch must be a number"),
        ('[profiles.a]\nbase_url = "host/v1"', "the base URL 'host/v1' is not one"),
        ('[profiles.a]\nbase_url = "ftp://host/v1"', "is not one (https://host/v1)"),
        ('[profiles.a]\nbase_url = "https:///v1"', "is not one"),
        ('[profiles.a]\nbase_url = "https://host:99999/v1"', "is not one"),
        ('[profiles.a]\nbase_url = "https://[::1/v1"', "is not one"),
        ('[profiles.a]\nbase_url = "https://ho st/v1"', "is not one"),
        ('[profiles.a]\nbase_url = "https://host/v1\\u001b"', "'https://host/v1␛' is not one"),
        ('[profiles.a]\nbase_url = "https://me:hunter2@host/v1"', "must not carry a user, a password or a query"),
        ('[profiles.a]\nbase_url = "https://me:hunter2@ho st/v1"', "must not carry a user, a password or a query"),
        ('[profiles.a]\nbase_url = "https://host/v1?api-version=1"', "must not carry a user, a password or a query"),
        ('[profiles."a\\u001b"]\nx = 1', "profile a␛: unknown setting"),
    ],
)
def test_what_a_file_may_not_say(write: Write, content: str, sentence: str) -> None:
    environ = write(content)
    with pytest.raises(LazybatchError) as wrong:
        profiles.profile(environ=environ)
    assert sentence in wrong.value.sentence
    assert wrong.value.sentence.startswith(environ["LAZYBATCH_CONFIG"])
    assert wrong.value.exit_code == 2
    assert "hunter2" not in wrong.value.sentence


@pytest.mark.parametrize("name", ["OPENAI_BASE_URL", "--base-url"])
def test_a_base_url_that_is_none(tmp_path: Path, name: str) -> None:
    environ = nothing(tmp_path) | ({name: "localhost"} if name.startswith("O") else {})
    with pytest.raises(LazybatchError, match=f"{name}: the base URL 'localhost' is not one"):
        profiles.profile(base_url="localhost" if name.startswith("-") else None, environ=environ)


def test_an_unknown_profile(write: Write) -> None:
    with pytest.raises(LazybatchError, match=r"There is no profile 'x␛'. There is: lab, prod\."):
        profiles.profile("x\x1b", environ=write(FULL))


def test_names_of_profiles_are_safe_to_show(write: Write) -> None:
    environ = write('[profiles."a\\u001b"]')
    (only,) = profiles.profiles(environ)[0].values()
    assert only.name == "a␛"
    with pytest.raises(LazybatchError) as wrong:
        profiles.profile("x", environ=environ)
    assert "There is: a␛." in wrong.value.sentence


def test_a_file_that_is_not_utf8(tmp_path: Path, write: Write) -> None:
    environ = write("")
    Path(environ["LAZYBATCH_CONFIG"]).write_bytes(b"# M\xc3\xbcnchen\na = '\xff'")
    with pytest.raises(LazybatchError, match="is not UTF-8 in line 2, as TOML has to be: save it as UTF-8"):
        profiles.profile(environ=environ)


def test_a_folder_for_a_file(tmp_path: Path) -> None:
    with pytest.raises(LazybatchError, match=r"Cannot read the settings in .*: Is a directory\."):
        profiles.profile(environ={"LAZYBATCH_CONFIG": str(tmp_path)})


def test_a_name_that_no_file_can_have() -> None:
    with pytest.raises(LazybatchError, match=r"Cannot read the settings in a+: File name too long\."):
        profiles.profile(environ={"LAZYBATCH_CONFIG": "a" * 300})


@pytest.mark.parametrize("folder", [profiles.config_path, profiles.state_folder])
def test_where_things_are(folder: Callable[[dict[str, str]], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    name = "LAZYBATCH_CONFIG" if folder is profiles.config_path else "LAZYBATCH_STATE"
    monkeypatch.setenv("HOME", "/home/somebody")
    assert folder({name: "~/x"}) == Path("/home/somebody/x")
    assert folder({name: "x"}) == Path("x")
    assert "lazybatch" in str(folder({}))
    with pytest.raises(LazybatchError, match=f"{name}: there is no home folder for '~nobody-of-that-name/x'"):
        folder({name: "~nobody-of-that-name/x"})


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith(("OPENAI_", "LAZYBATCH_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LAZYBATCH_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.setenv("OPENAI_API_KEY", "test-key")
    assert profiles.profile().key == "test-key"
