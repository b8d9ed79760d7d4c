"""Invented people's names, as schools in Wales have them: ŵ, ŷ and â, apostrophes, hyphens, and many languages."""

from __future__ import annotations

SURNAMES = (
    "Rees", "Llwyd", "Evans", "Morgan", "Pritchard", "Huws", "Jenkins", "Bowen", "Vaughan", "Gruffydd",
    "O'Neill", "Parry", "Ŵyn", "Kaur", "Nowak", "Begum", "Tudor", "Ellis", "Owen", "Lloyd", "Price", "Davies",
    "Thomas", "Harries", "Powell", "Ahmed", "Bevan", "Cadwaladr", "Rhys", "Humphreys", "Parry-Williams", "Ap Dafydd",
    "D'Souza", "Lloyd-Jones", "Prydderch", "Wójcik", "Hâf", "Maddocks", "Ifans", "Penri-Evans", "Okafor", "O'Shea",
)  # fmt: skip
FORENAMES = (
    "Mali", "Siôn", "Gwen", "Tomos", "Ffion", "Osian", "Cerys", "Macsen", "Elin", "Rhodri", "Seren", "Ioan",
    "Lowri", "Idris", "Nia", "Dylan", "Erin", "Harri", "Beca", "Emyr", "Aisha", "Kacper", "Zofia", "Yusuf",
    "Megan", "Gruff", "Carys", "Deio", "Anwen", "Steffan", "Llŷr", "Siân", "Mari-Wyn", "Gwenllïan", "Tŵm", "Cati",
    "Nel", "Jac", "Amira", "D'Arcy", "Eluned", "Guto",
)  # fmt: skip
