"""Erase: take a person out of the stores and out of every model, and say so in a certificate that can be checked."""

from app.use_cases.erasing.doing import VERSION, erase, resume
from app.use_cases.erasing.previewing import preview
from app.use_cases.erasing.telling import in_short, resumed_in_words

__all__ = ["VERSION", "erase", "in_short", "preview", "resume", "resumed_in_words"]
