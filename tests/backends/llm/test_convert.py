"""The model folder is made once, whole or not at all, however many processes want it."""

import multiprocessing
import time
from pathlib import Path

import pytest

from adaptive.backends.llm import convert
from adaptive.backends.llm.base import ModelUnavailable
from adaptive.backends.llm.transformers_local import TransformersModel


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "wheel" / "model.gguf"
    path.parent.mkdir()
    path.write_bytes(b"GGUF, not really")
    return path


def slow_write(source: Path, target: Path) -> None:
    (target / "model.safetensors").write_bytes(b"half")
    time.sleep(0.3)
    (target / "model.safetensors").write_bytes(b"whole")
    with open(source.parent / "calls", "a") as handle:
        handle.write("x")


def convert_in_child(source: Path, model_dir: Path) -> None:
    convert._write_safetensors = slow_write
    folder = convert.converted_folder(model_dir, source)
    assert (folder / "model.safetensors").read_bytes() == b"whole"


def test_two_processes_at_once_convert_once(source: Path, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    model_dir = tmp_path / "a folder" / "models"
    children = [context.Process(target=convert_in_child, args=(source, model_dir)) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0, 0]
    assert (source.parent / "calls").read_text() == "x"
    assert not list(model_dir.glob(".*.new-*"))


def test_a_broken_conversion_leaves_nothing_behind_and_the_next_one_works(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(source: Path, target: Path) -> None:
        (target / "model.safetensors").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(convert, "_write_safetensors", break_off)
    with pytest.raises(ModelUnavailable, match="No space left"):
        convert.converted_folder(tmp_path, source)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["wheel"]
    (tmp_path / f".{convert.FOLDER_NAME}.new-killed").mkdir()  # of a process that was killed meanwhile
    monkeypatch.setattr(convert, "_write_safetensors", slow_write)
    folder = convert.converted_folder(tmp_path, source)
    assert (folder / "model.safetensors").read_bytes() == b"whole"
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == [convert.FOLDER_NAME, "wheel"]


def test_another_source_is_converted_anew_and_the_same_is_not(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convert, "_write_safetensors", slow_write)
    convert.converted_folder(tmp_path, source)
    convert.converted_folder(tmp_path, source)
    assert (source.parent / "calls").read_text() == "x"
    source.write_bytes(b"GGUF of the next version")
    convert.converted_folder(tmp_path, source)
    assert (source.parent / "calls").read_text() == "xx"


def test_a_missing_wheel_is_named() -> None:
    with pytest.raises(ModelUnavailable, match="no-such-wheel with the language model is not installed"):
        convert.gguf_path("no_such_wheel")


def test_a_folder_without_safetensors_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"a pickle would run code")
    with pytest.raises(ModelUnavailable, match="safetensors"):
        TransformersModel(path=str(tmp_path)).load()
    assert not TransformersModel(path=str(tmp_path / "nowhere")).is_available()


@pytest.mark.models
def test_the_real_model_loads_quickly_from_its_converted_folder(tmp_path: Path) -> None:
    from tests.real_models import real_llm

    first = real_llm()
    again = TransformersModel(model_dir=str(first._model_dir))
    started = time.monotonic()
    again.load()
    assert time.monotonic() - started < 15  # about 2 s on an idle machine, once torch is imported
    assert again.version == first.version
