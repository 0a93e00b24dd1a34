"""Fitting the marker, on a tiny network: broken off, gone on with, and never passed off as another."""

import json
import string

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import MPNetConfig, MPNetModel, MPNetTokenizerFast

from adaptive.assessment.words import marker_train
from adaptive.assessment.words.data import Graded
from adaptive.backends.cross_encoder.marker import Marker
from adaptive.backends.cross_encoder.triples import CLASSES, Triple
from adaptive.common.errors import InvalidInput

GRADED = [
    Graded("set", f"q_{n}", "why is it so", ("warm air goes up",), answer, label)
    for n in range(4)
    for answer, label in (("warm air goes up to it", "correct"), ("cold air goes down", "incorrect"))
]


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("base")
    letters = [*string.ascii_lowercase, *(f"##{letter}" for letter in string.ascii_lowercase)]
    known = {word: place for place, word in enumerate(["<s>", "<pad>", "</s>", "[UNK]", "<mask>", *letters])}
    MPNetTokenizerFast(vocab=known).save_pretrained(folder)
    config = MPNetConfig(
        vocab_size=57,
        hidden_size=16,
        num_hidden_layers=5,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=300,
    )
    torch.manual_seed(1)
    MPNetModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


def fit(base, kept, **options):
    marker_train.fit(**{"graded": GRADED, "base": base, "kept": kept, "seed": 3, "epochs": 1, "about": {}} | options)
    with safe_open(kept / marker_train.WEIGHTS, framework="pt") as opened:
        return json.loads(opened.metadata()["about"])


def test_a_fit_that_was_broken_off_goes_on(base, tmp_path, monkeypatch):
    about = fit(base, tmp_path / "whole")
    assert about["n_answers"] == 2 and about["seed"] == 3
    monkeypatch.setattr(marker_train, "SAVE_EVERY", 1)

    class PulledOut(Exception):
        pass

    with monkeypatch.context() as broken:
        real, count = torch.save, []

        def save(*args):
            count.append(1)
            if len(count) == 2:
                raise PulledOut
            real(*args)

        broken.setattr(marker_train.torch, "save", save)
        with pytest.raises(PulledOut):
            fit(base, tmp_path / "broken")
    said = []
    resumed = fit(base, tmp_path / "broken", say=said.append)
    assert any(words.startswith("resumed after 1 ") for words in said)
    assert resumed["batches"] == about["batches"] == 2


def test_a_state_of_other_answers_is_refused(base, tmp_path):
    fit(base, tmp_path)
    for other in ({"graded": GRADED[:-2]}, {"seed": 4}, {"epochs": 2}, {"start": tmp_path / marker_train.WEIGHTS}):
        with pytest.raises(InvalidInput, match="choose another folder"):
            fit(base, tmp_path, **other)


def test_the_mean_of_two_fits_lies_between_them_and_has_a_name_of_its_own(base, tmp_path):
    one, other = (tmp_path / name / marker_train.WEIGHTS for name in ("one", "other"))
    fit(base, one.parent)
    fit(base, other.parent, seed=4)
    marker_train.mean_written(one, other, tmp_path / "mean.safetensors")
    first, second, mean = (load_file(path) for path in (one, other, tmp_path / "mean.safetensors"))
    for name, value in mean.items():
        assert torch.allclose(value.float(), (first[name].float() + second[name].float()) / 2, atol=1e-3)
    versions = {
        Marker(base=str(base), weights=str(path)).version for path in (one, other, tmp_path / "mean.safetensors")
    }
    assert len(versions) == 3
    save_file({"other": torch.zeros(1)}, tmp_path / "strange.safetensors")
    with pytest.raises(ValueError, match="different networks"):
        marker_train.mean_written(one, tmp_path / "strange.safetensors", tmp_path / "no.safetensors")


def test_an_epoch_of_questions_without_references(base):
    alone = [Graded("set", "q_1", "why", (), "so it is", "correct")]
    assert marker_train.epoch_of(alone, 0, seed=1)


def test_what_was_fitted_is_read_again_and_reads_one_as_it_reads_many(base, tmp_path):
    fit(base, tmp_path)
    marker = Marker(base=str(base), weights=str(tmp_path / marker_train.WEIGHTS), threads=1)
    triples = [Triple("why", ("warm air goes up",), text) for text in ("warm", "cold air " * 30, "</s></s> a", "")]
    together = marker.logits(triples)
    assert together.shape == (4, len(CLASSES))
    for place, each in enumerate(triples):
        assert marker.logits([each])[0] == pytest.approx(together[place], abs=0.05)
