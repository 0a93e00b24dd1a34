"""Fitting the marker, on a tiny network: broken off, gone on with, and never passed off as another."""

import json
import random
import string
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import MPNetConfig, MPNetModel, MPNetTokenizerFast

from adaptive.assessment.words import marker_data, marker_train, marker_weights
from adaptive.assessment.words.data import Graded
from adaptive.backends.cross_encoder.marker import Marker
from adaptive.backends.cross_encoder.triples import CLASSES, Triple
from adaptive.common.errors import InvalidInput

GRADED = [
    Graded("set", f"q_{n}", "why is it so", ("warm air goes up",), answer, label)
    for n in range(4)
    for answer, label in (("warm air goes up to it", "correct"), ("cold air goes down", "incorrect"))
]


RECIPE = marker_train.Recipe(epochs=1, rank=4)


MODULES = [name for fold in marker_data.MODULE_FOLDS for name in fold]


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
    usual = {"graded": GRADED, "base": base, "kept": kept, "seed": 3, "about": {}, "recipe": RECIPE}
    marker_train.fit(**usual | options)
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
    for other in (
        {"graded": GRADED[:-2]},
        {"seed": 4},
        {"recipe": replace(RECIPE, epochs=2)},
        {"start": tmp_path / marker_train.WEIGHTS},
    ):
        with pytest.raises(InvalidInput, match="choose another folder"):
            fit(base, tmp_path, **other)


def added(learnt, name):
    """What an adapter adds to its layer."""
    return learnt[f"{name}.b"].float() @ learnt[f"{name}.a"].float()


def test_the_mean_of_two_fits_adds_half_of_what_each_adds_and_has_a_name_of_its_own(base, tmp_path):
    one, other = (tmp_path / name / marker_train.WEIGHTS for name in ("one", "other"))
    fit(base, one.parent)
    fit(base, other.parent, seed=4)
    path = tmp_path / "mean.safetensors"
    marker_weights.mean_written([one, other], path, rank=8)
    first, second, mean = (load_file(each) for each in (one, other, path))
    names = [name[:-2] for name in mean if name.endswith(".a")]
    assert names
    for name in names:
        assert torch.allclose(added(mean, name), (added(first, name) + added(second, name)) / 2, atol=1e-3)
    assert torch.allclose(
        mean["out.bias"].float(), (first["out.bias"].float() + second["out.bias"].float()) / 2, atol=1e-3
    )
    markers = [Marker(base=str(base), weights=str(each), threads=1) for each in (one, other, path)]
    assert len({marker.version for marker in markers}) == 3
    assert markers[2].about()["seeds"] == [3, 4]
    assert np.isfinite(
        markers[2].logits([Triple("why", ("warm air",), "cold air")])
    ).all()  # of another rank than usual
    save_file({"other": torch.zeros(1)}, tmp_path / "strange.safetensors")
    with pytest.raises(ValueError, match="different networks"):
        marker_weights.mean_written([one, tmp_path / "strange.safetensors"], tmp_path / "no.safetensors", rank=8)


def test_fits_side_by_side_are_each_what_they_are_alone(base):
    fits = [marker_train.Fit(GRADED, 0, replace(RECIPE, rate=rate)) for rate in (1e-2, 0.0)]
    rows = ([[0, 5, 2], [0, 6, 7, 2], [0, 8, 9, 10, 2]], [0, 2, 1])

    def learnt_of(chosen):
        network = marker_train.network_of(base, chosen, device="cpu")
        for module in network.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        marker_train.fit_together(network, chosen, lambda *_: rows)
        return [network.learnt(copy) for copy in range(len(chosen))]

    together, alone = learnt_of(fits), [learnt_of([each])[0] for each in fits]
    for one, other in zip(together, alone, strict=True):
        for name, value in one.items():
            assert torch.allclose(value, other[name], atol=2e-3), name
    still = "encoder.encoder.layer.3.attention.attn.q"
    assert not added(together[1], still).any() and added(together[0], still).any()
    with pytest.raises(ValueError, match="side by side"):
        marker_train.network_of(base, [fits[0], replace(fits[1], recipe=replace(RECIPE, rank=2))], device="cpu")


def test_every_answer_is_in_one_fold_by_question_and_every_module_in_one_by_module():
    graded = [Graded("scientsbank_train", f"{name}_{n}", "", (), "", "correct") for n in range(9) for name in MODULES]
    for by in ("question", "module"):
        folds = [[marker_data.is_in_fold(each, fold, by) for fold in range(marker_data.N_FOLDS)] for each in graded]
        assert all(sum(each) == 1 for each in folds)
        assert np.sum(folds, axis=0).min() > 0


def test_read_beside_a_peer_an_answer_is_not_read_beside_itself():
    mixture = marker_data.Mixture(peers=1.0, no_question=0.0, one_reference=0.0)
    peers = {("set", "q_0"): ["warm air goes up to it", "warm air is lighter"]}
    seen = [marker_data.seen_of(GRADED[0], random.Random(seed), mixture, peers) for seed in range(20)]
    assert {each.references for each in seen} == {("warm air is lighter",), GRADED[0].references}


def test_an_epoch_of_questions_without_references(base):
    alone = [Graded("set", "q_1", "why", (), "so it is", "correct")]
    assert marker_data.epoch_of(alone, 0, 1, marker_data.Mixture())


def test_what_was_fitted_is_read_again_and_reads_one_as_it_reads_many(base, tmp_path):
    fit(base, tmp_path)
    marker = Marker(base=str(base), weights=str(tmp_path / marker_train.WEIGHTS), threads=1)
    triples = [Triple("why", ("warm air goes up",), text) for text in ("warm", "cold air " * 30, "</s></s> a", "")]
    together = marker.logits(triples)
    assert together.shape == (4, len(CLASSES))
    for place, each in enumerate(triples):
        assert marker.logits([each])[0] == pytest.approx(together[place], abs=0.05)
