"""The batches that the demo begins with."""

from tui.demo.engine.records import Recipe
from tui.demo.seed.recipes import requests
from tui.demo.seed.seed import SKETCHES


def test_the_parts_of_a_split_file_share_no_custom_id() -> None:
    parts = [sketch for sketch in SKETCHES if "lazybatch_group" in sketch.more]
    ids = [
        request["custom_id"]
        for part in parts
        for request in requests(Recipe(part.kind, part.rows, 1, part.model, part.first))
    ]
    assert len(parts) > 1
    assert len(set(ids)) == len(ids)
