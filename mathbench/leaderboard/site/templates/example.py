"""Answers to all questions of a season, as a submission."""

import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def answer(question: str, task: str) -> str:
    return "true"  # your model here


rows = pq.read_table("core-1.parquet").to_pylist()
said = [{**row, "prediction": answer(row.pop("question"), row["task"])} for row in rows]
pq.write_table(pa.Table.from_pylist(said), "predictions.parquet")
sha256 = hashlib.sha256(Path("predictions.parquet").read_bytes()).hexdigest()
manifest = {
    "schema_version": 3,
    "season": "core-1",
    "supervision": "examples",  # what training gave away; None where nothing was trained
    "model": {
        "name": "my-model",
        "revision": "1",
        "weights_sha256": None,
        "framework": None,
        "parameters": None,
        "links": {"code": "https://example.org/my-model"},
    },
    "training": {"seeds": [0], "data_digest": None, "budget": None, "external_data": False},
    "environment": {},
    "command": None,
    "commit": None,
    "predictions": {"file": "predictions.parquet", "sha256": sha256},
}
Path("submission.json").write_text(json.dumps(manifest, indent=1))
