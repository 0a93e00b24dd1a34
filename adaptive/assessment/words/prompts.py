"""Prompts are text files in templates/prompts, cited by name and content: "judge_v1@3f2a91".

A file has two parts, divided by a line of three equals signs: what all answers to a question share (computed once by
the model) and what is said of one answer. `$name` is filled in. Learners' text is data: it stands between marks, and
whatever looks like such a mark inside it is taken out.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from string import Template

_PACKAGE = Path(__file__).resolve().parents[2]
# In the repository the folder lies beside the app; in an installed wheel inside it.
_FOLDERS = (_PACKAGE.parent / "templates" / "prompts", _PACKAGE / "templates" / "prompts")
_MARKS = re.compile(r"<\|[^|>]*\|>|</?\s*answer[^>]*>|={3,}|\[/?INST\]", re.IGNORECASE)


@dataclass(frozen=True)
class Prompt:
    """version is "name@" and six hex digits of the file's content. Labels: the words whose likelihood is asked for."""

    version: str
    shared: Template
    single: Template

    def prefix(self, **values: str) -> str:
        return self.shared.substitute({name: as_data(value) for name, value in values.items()})

    def text(self, **values: str) -> str:
        return self.single.substitute({name: as_data(value) for name, value in values.items()})


def as_data(text: str, limit: int = 4000) -> str:
    """A text made safe to stand inside a prompt: no marks of a prompt's own format, bounded, one paragraph.

    What is too long loses its middle.
    """
    while _MARKS.search(text):  # again and again: taking one mark out may close another around it
        text = _MARKS.sub(" ", text)
    text = re.sub(r"\s+", " ", text).strip()
    return text if len(text) <= limit else f"{text[: limit // 2]} ... {text[-limit // 2 :]}"


@lru_cache(maxsize=16)
def load_prompt(name: str) -> Prompt:
    """The prompt templates/prompts/<name>.txt. Raises FileNotFoundError or ValueError (no dividing line)."""
    path = next((folder / f"{name}.txt" for folder in _FOLDERS if (folder / f"{name}.txt").is_file()), None)
    if path is None:
        raise FileNotFoundError(f"There is no prompt {name}.txt in {_FOLDERS[0]}.")
    content = path.read_text(encoding="utf-8")
    shared, divider, single = content.partition("\n===\n")
    if not divider:
        raise ValueError(f"The prompt {path} lacks its dividing line (===).")
    digest = hashlib.blake2b(content.encode(), digest_size=3).hexdigest()
    # The file ends with a line break; the prompt must end where the label begins.
    return Prompt(f"{name}@{digest}", Template(shared + "\n"), Template(single.rstrip()))
