"""Write all pages of the reference: `python -m generator` in docs/, or `make reference`."""

from __future__ import annotations

from pathlib import Path

from generator.pages import PAGES

REFERENCE = Path(__file__).parents[1] / "reference"


def main() -> None:
    """Write each page, and delete pages that no longer exist."""
    REFERENCE.mkdir(exist_ok=True)
    for stale in {file.name for file in REFERENCE.glob("*.md")} - set(PAGES):
        (REFERENCE / stale).unlink()
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page())
        print(f"page: {REFERENCE / name}")


if __name__ == "__main__":
    main()
