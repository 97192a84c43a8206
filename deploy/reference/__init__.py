"""Pages of docs that are made from the code, so that they cannot be wrong: `python -m deploy.reference` writes them."""

from deploy.reference.settings import page, sections

__all__ = ["page", "sections"]
