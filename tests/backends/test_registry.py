"""The backends in use are those the settings name, one a process, and building them loads nothing heavy."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from adaptive.backends import registry
from adaptive.backends.embedding.hashing import HashingEncoder
from adaptive.backends.llm.openai_compatible import OpenAICompatibleModel
from adaptive.backends.llm.template import NoModel

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    registry.reset()
    yield
    registry.reset()


def test_the_settings_choose_by_dotted_path(settings) -> None:
    settings.ADAPTIVE = {
        **settings.ADAPTIVE,
        "AI_ENABLED": True,
        "LLM": "adaptive.backends.llm.openai_compatible.OpenAICompatibleModel",
        "LLM_OPTIONS": {"base_url": "http://127.0.0.1:9/v1", "model": "some-model"},
        "EMBEDDING": "adaptive.backends.embedding.hashing.HashingEncoder",
        "EMBEDDING_OPTIONS": {},
    }
    assert isinstance(registry.get_llm(), OpenAICompatibleModel) and registry.get_llm().name == "some-model"
    assert isinstance(registry.get_embedding(), HashingEncoder)
    assert registry.get_llm() is registry.get_llm() and registry.get_embedding() is registry.get_embedding()


def test_without_ai_there_is_no_language_model_whatever_is_named(settings) -> None:
    settings.ADAPTIVE = {**settings.ADAPTIVE, "AI_ENABLED": False}
    assert isinstance(registry.get_llm(), NoModel)


def test_a_path_that_leads_nowhere_is_named(settings) -> None:
    settings.ADAPTIVE = {**settings.ADAPTIVE, "AI_ENABLED": True, "LLM": "adaptive.backends.llm.nowhere.Model"}
    with pytest.raises(ImportError, match=r"adaptive\.backends\.llm\.nowhere\.Model"):
        registry.get_llm()


def test_naming_all_backends_loads_no_model_library() -> None:
    code = (
        "import sys\n"
        "import adaptive.backends.llm.transformers_local, adaptive.backends.llm.openai_compatible\n"
        "import adaptive.backends.embedding.sentence_encoder, adaptive.assessment.words.assessor\n"
        "from adaptive.backends.llm.transformers_local import TransformersModel\n"
        "assert TransformersModel(model_dir='nowhere').is_available()\n"
        "print(sorted({'torch', 'transformers', 'tokenizers', 'django'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert out.stdout.strip() == "[]", out.stderr
