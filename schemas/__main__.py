"""`python -m schemas` writes the generated documents anew: the JSON Schema files and the data dictionary."""

from pathlib import Path

from schemas.dictionary import data_dictionary
from schemas.json_schema import write_schemas

DOCS = Path(__file__).parent.parent / "docs"

write_schemas(DOCS / "schemas")
(DOCS / "data-dictionary.md").write_text(data_dictionary())
print(f"written: {DOCS / 'schemas'} and {DOCS / 'data-dictionary.md'}")
