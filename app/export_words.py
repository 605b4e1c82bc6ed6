"""What a person is told about the data that is held about them: a sentence for every table and column."""

from __future__ import annotations

from typing import Any

from data.columns import ITEM, TIME, TITLE, USER, VALUE, Role

_UNTIL_ERASED = (
    "Kept until the operator removes it or you ask to be erased; where the operator set a number of days, until a purge "
    "after that."
)
TABLES: dict[str, dict[str, Any]] = {
    "interactions": {
        "description": "What you chose.",
        "origin": "observed: from your use of the service",
        "purpose": "To make your lists and to explain them, to train the models, and to assess the lists.",
        "retention": _UNTIL_ERASED,
        "columns": {
            USER: "your id",
            ITEM: "id of the title",
            TITLE: "the title",
            VALUE: "your rating, or how much it counts; not there where only the choice itself is known",
            TIME: "when, in seconds since 1970-01-01 UTC; not there where no time is known",
            "time_utc": "the same time, written out",
        },
    },
    "attributes": {
        "description": "What is noted about you.",
        "origin": "given to the operator or added by the operator; which of the two is not recorded here",
        "purpose": "By role, see the column used_for.",
        "retention": _UNTIL_ERASED,
        "columns": {
            "attribute": "what it is",
            "value": "what it is for you; empty where it is not known",
            "role": "sensitive, segment or feature",
            "used_for": "what an attribute of this role may be used for",
        },
    },
    "choices": {
        "description": "Your settings. The slider, profiling, learning and restricted are always listed, as they apply now.",
        "origin": "provided: you set it; a slider that you never set is the operator's default",
        "purpose": "To make your lists as you want them.",
        "retention": _UNTIL_ERASED,
        "columns": {
            "setting": "slider, profiling (lists are made for you), learning (models may be trained on your choices), "
            "restricted (your records are kept and used for nothing), excluded (a choice not to be used), less (a choice "
            "that counts for less) or hidden (a title not to be shown)",
            "value": "the position from 0 to 1, or yes or no",
            "own": "yes: you set it; no: the default applies, or you went back to it",
            ITEM: "id of the title, where the setting is about one",
            TITLE: "the title",
        },
    },
    "rules": {
        "description": "Your wishes about many titles or records at once.",
        "origin": "provided: you set it",
        "purpose": "To make your lists as you want them.",
        "retention": _UNTIL_ERASED,
        "columns": {
            "effect": "unused (not used for your lists), less (counts for less) or hidden (not shown)",
            "kind": "what the wish is about: a column of titles, provider, or data for a kind of data",
            "value": "which value of it",
        },
    },
    "tags": {
        "description": "What is worked out about you. It is not stored: this is what comes out at the moment you ask.",
        "origin": "inferred: worked out from your choices, beside those of everybody else, when you ask and in each audit",
        "purpose": "To assess whether groups of people are served worse. No list is made from it.",
        "retention": "Not kept. It can be worked out for as long as your choices are here and you have not deleted the tag.",
        "columns": {
            "tag": "what is worked out",
            "on": "true: it may be worked out; false: you deleted it, and it is not worked out again",
            "value": "what came out for you; empty where nothing did, or where you deleted it",
            "means": "what that value means",
            "because": "what it comes from",
            "records": "titles behind it, the first few, as JSON",
            "used_for": "what it may be used for",
        },
    },
    "consents": {
        "description": "What you agreed to or withdrew, entry by entry, each with the hash of the text you saw.",
        "origin": "provided: you said so",
        "purpose": "To prove what may be done with your data, and to act on it.",
        "retention": "Until you ask to be erased, or as the operator's retention says.",
        "columns": {
            "number": "number of the entry, from 0",
            "purpose": "lists (made for you), learning (training the models) or audits (with your attributes)",
            "category": "kind of data",
            "given": "true: you agreed; false: you withdrew",
            "at": "when, UTC",
            "notice_sha256": "hash of the text that you saw",
        },
    },
    "requests": {
        "description": "What you asked for by right. A copy of your data lists the request for that copy as still open.",
        "origin": "recorded when you asked",
        "purpose": "To answer in time, and to prove it.",
        "retention": "Until you ask to be erased, or as the operator's retention says.",
        "columns": {
            "request_id": "id of the request",
            "kind": "what you asked for",
            "stage": "how far it is",
            "detail": "what was asked in particular, as JSON",
            "received_at": "when it came, UTC",
            "due_at": "when it must be answered, UTC",
            "closed_at": "when it was closed, UTC",
            "outcome": "how it ended",
        },
    },
    "events": {
        "description": "Entries about you in the record, readings of what is noted about you included.",
        "origin": "recorded when it happened, under a pseudonym",
        "purpose": "To prove what was done with your data.",
        "retention": "Entries stay. When you are erased the key of your pseudonym is destroyed, and nobody can link them.",
        "columns": {
            "index": "number of the entry",
            "at": "when, UTC",
            "kind": "what happened",
            "actor": "who did it; your own pseudonym where it was you",
            "detail": "what the entry says, as JSON",
            "leaf": "the entry as it is hashed, as JSON",
        },
    },
    "receipts": {
        "description": "Receipts of lists that were shown to you, each with its reasons and the settings it was made with.",
        "origin": "derived: from your choices and the model, when the list was shown and a receipt was asked for",
        "purpose": "To prove what you were shown and why.",
        "retention": "Until you ask to be erased.",
        "columns": {
            "receipt_id": "id of the receipt",
            "made_at": "when, UTC",
            "model_id": "id of the model that made the list",
            "titles": "how many titles the list has",
            "receipt": "the receipt itself, as JSON; saved to a file of its own it can be checked with `sightglass verify`",
        },
    },
    "models": {
        "description": "Trained models whose training people you are one of.",
        "origin": "derived: made from the choices of many people",
        "purpose": "To make lists.",
        "retention": "Until the model is removed. When you are erased your choices are taken out of each.",
        "columns": {
            "model_id": "id of the model",
            "model": "kind of model",
            "trained_at": "when it was trained",
            "your_choices": "how many of your choices it was trained on",
            "explanation": "how it can say why a title is in your list",
        },
    },
}
USED_FOR = {
    Role.SENSITIVE: "only to assess whether groups of people are served differently; every reading is recorded",
    Role.SEGMENT: "only to assess whether groups of people are served differently",
    Role.FEATURE: "to assess the same, and a model may use it",
}
NOT_HELD = (
    "A list that was shown to you is not recorded, unless a receipt of it was asked for. A receipt of the list that is the "
    "same for all, as you see it with profiling off, names nobody and cannot be found by who you are.",
    "No recipient outside this installation is recorded; ask the operator whom data was given to.",
    "The legal ground is not recorded here; ask the operator.",
)
SPREADSHEETS = (
    "In the CSV files, text that begins with = + - @, a tab or a carriage return has a single quote before it, so that "
    "a spreadsheet does not run it as a formula. The JSON files hold every text as it is; use them to move your data."
)
HOW_LISTS_ARE_MADE = (
    "The models table names each model and how it explains itself. 'Why this?' beside a title gives the reasons with "
    "their weights. With profiling off no record of you is read."
)
RIGHTS = (
    "Change your settings, take a choice out, correct a record, switch profiling or learning off, withdraw consent, have "
    "your records restricted, object, contest a title of a list, take your data elsewhere, or ask to be erased."
)
