"""Who speaks in a book, from its text alone: what ``book/proposal.py`` is made of.

``evidence`` finds names where people are named, ``people`` puts the forms of one person
together, ``genders`` and ``teller`` say who is a woman, a man, and who says "I"; ``han`` is the
same for Chinese. Nothing here decides who speaks a line: that is ``book/speakers/``.
"""
