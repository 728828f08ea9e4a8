"""Plants the mistakes of `planted.yaml`, and tells of those that the checks do not find."""

import re
import tempfile
from pathlib import Path

import yaml

MISTAKES = yaml.safe_load((Path(__file__).parent / "planted.yaml").read_text())


def unnoticed(copy_of_tree, of_overlay, of_queries):
    """The mistakes that are not found, or in other words than they should be."""
    for mistake in MISTAKES:
        with tempfile.TemporaryDirectory() as tree:
            tree = Path(tree)
            copy_of_tree(tree)
            file = tree / mistake["file"]
            text = file.read_text()
            if mistake["was"] not in text:
                yield f"planted.yaml: {mistake['file']} does not hold {mistake['was']!r}: how is it to be broken now?"
                continue
            file.write_text(text.replace(mistake["was"], mistake["is"], 1))
            found = list(of_queries(tree) if mistake["in"] == "queries" else of_overlay(tree, mistake["in"]))
        if not any(re.search(mistake["finding"], what, re.DOTALL) for what in found):
            yield f"not found: {mistake}; but: {'; '.join(found) or 'nothing'}"
