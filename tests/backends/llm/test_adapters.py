"""Adapters (LoRA) per purpose over one base model."""

from pathlib import Path

import pytest

from adaptive.backends.llm.base import ModelUnavailable
from adaptive.backends.llm.template import NoModel
from adaptive.backends.llm.transformers_local import TransformersModel
from tests.real_models import real_llm, real_model_dir

ASKED = ("A task: add 1/2 and 1/4.\n", ["Is it hard? Answer:"], [" Yes", " No"])


def model_with(adapters: dict[str, str]) -> TransformersModel:
    return TransformersModel(model_dir=real_model_dir(), threads=1, adapters=adapters)


def test_an_adapter_is_for_a_purpose_that_there_is():
    with pytest.raises(ValueError, match="'marking'"):
        model_with({"marking": "/tmp"})


def test_models_without_adapters_do_the_same_for_every_purpose():
    with NoModel().for_purpose("assess"):
        assert not NoModel().is_available()


@pytest.fixture(scope="module")
def adapter(tmp_path_factory) -> Path:
    """A LoRA adapter as peft writes it, that does something."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    from adaptive.backends.llm.convert import converted_folder

    torch.manual_seed(0)
    base = AutoModelForCausalLM.from_pretrained(converted_folder(Path(real_model_dir())), dtype=torch.float32)
    config = LoraConfig(r=4, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM", init_lora_weights=False)
    folder = tmp_path_factory.mktemp("adapter")
    get_peft_model(base, config).save_pretrained(folder)
    return folder


@pytest.mark.models
def test_an_adapter_works_within_its_purpose_and_nowhere_else(adapter):
    model = model_with({"recommend": str(adapter)})
    plain = real_llm().score_labels(*ASKED)
    assert model.score_labels(*ASKED)[0] == pytest.approx(plain[0], abs=1e-3)
    with model.for_purpose("recommend"):
        fitted = model.score_labels(*ASKED)
        with model.for_purpose("assess"):  # has none of its own: the one around it stays
            assert model.score_labels(*ASKED) == fitted
    assert abs(fitted[0][0] - plain[0][0]) > 1e-2
    assert model.score_labels(*ASKED)[0] == pytest.approx(plain[0], abs=1e-3)
    assert model.version.startswith(real_llm().version) and model.version != real_llm().version


@pytest.mark.models
def test_a_folder_without_an_adapter_is_named(tmp_path):
    model = model_with({"assess": str(tmp_path)})
    with pytest.raises(ModelUnavailable, match=str(tmp_path)):
        model.load()
    (tmp_path / "adapter_model.safetensors").write_bytes(b"no weights")
    with pytest.raises(ModelUnavailable, match="assess"):
        model.load()
