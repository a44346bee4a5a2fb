"""
Each file in tests/configs/bad holds one human mistake.

Its first comment lines say what must be found, and nothing else may be: `# expect: LINE[:COLUMN]: message`
for an error, `# warn: …` for a warning, each followed by `# hint: remedy` where there is one. {folder} stands
for the folder the file lies in.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.config.load import load_config
from tests.support.configs import ENV, as_comments, write

BAD = sorted((Path(__file__).parent.parent / "configs" / "bad").glob("*.toml"))


def test_there_is_a_file_for_many_mistakes() -> None:
    """The folder is found and well filled."""
    assert len(BAD) >= 80


@pytest.mark.parametrize("bad", BAD, ids=lambda path: path.stem)
def test_a_mistake_is_told_with_its_line_and_remedy(bad: Path, tmp_path: Path) -> None:
    """Line, message and remedy are those the file's first comments announce, and there are no others."""
    text = bad.read_text(encoding="utf-8")
    announced = text.partition("\n\n")[0].splitlines()
    path = write(tmp_path, text, bad.name)
    loaded = load_config(path, env=ENV)
    found = [line for finding in loaded.findings for line in as_comments(finding, tmp_path)]
    assert found == announced
    assert all(finding.file == str(path) for finding in loaded.findings)
    assert (loaded.config is None) == any(finding.level == "error" for finding in loaded.findings)
