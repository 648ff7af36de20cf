"""Who speaks in a book, from its text alone: what ``book/proposal.py`` is made of.

``evidence`` finds names where people are named and ``forms`` takes them apart; ``registry`` and
``people`` put the forms of one person together, ``roles`` adds who is called by what they are;
``teller`` says who tells the book, ``genders`` who is a woman or a man. ``han``, ``builds`` and
``hanteller`` do the same for Chinese. Nothing here decides who speaks a line: that is
``book/speakers/``.
"""
