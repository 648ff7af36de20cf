"""English as a narrator reads it: written and spoken, by kind. Rows are ours, not the data's."""

from __future__ import annotations

import pytest

from book.languages import load_language
from book.spoken.normalise import Profile, normalise, speak


def said(text: str, profile: Profile = "fiction") -> str:
    return speak(text, normalise(text, load_language("en"), profile=profile, extra=False))


ROWS = """
Mr. Bingley and Mrs. Long came. | Mister Bingley and Missus Long came.
Messrs. Dodson & Fogg | Messieurs Dodson and Fogg
Prof. Moriarty met Capt. Hook. | Professor Moriarty met Captain Hook.
Col. Mustard and Lieut.-Col. Plum | Colonel Mustard and Lieutenant-Colonel Plum
the Rev. Mr. Collins | the Reverend Mister Collins
Mme. Bovary and Mlle. Rouault | Madame Bovary and Mademoiselle Rouault
M. Poirot rose. | Monsieur Poirot rose.
M. de Charlus | Monsieur de Charlus
the Hon. Gwendolen Fairfax | the Honourable Gwendolen Fairfax
John Smith, Jr., left. | John Smith, Junior, left.
Miles Coverdale, Esq. | Miles Coverdale, Esquire
St. James lay on St. Mary's bed. | Saint James lay on Saint Mary's bed.
He lived in Harley St. then. | He lived in Harley Street then.
at 12 Elm St., London | at twelve Elm Street, London
Mt. Ararat | Mount Ararat
Wm. Brown and Thos. Green | William Brown and Thomas Green
the Dr. said no | the Doctor said no
Mr Darcy and Dr Grant | Mister Darcy and Doctor Grant
Gen. Lee | General Lee
Act III, Scene II | Act three, Scene two
Chapters IV and V | Chapters four and five
Books I-III | Books one to three
Volume XX of it | Volume twenty of it
see chapter ix there | see chapter nine there
Part I: The Sea | Part one: The Sea
the letter I wrote | the letter I wrote
the part I played | the part I played
George III was mad. | George the third was mad.
Henry VIII's wives | Henry the eighth's wives
Pope Pius IX | Pope Pius the ninth
King Charles I was beheaded. | King Charles the first was beheaded.
Edward I of England | Edward the first of England
“Well, George, I think so.” | Well, George, I think so.
said Henry, I am here | said Henry, I am here
Henry I am here | Henry I am here
Malcolm X | Malcolm X
Elizabeth II reigned. | Elizabeth the second reigned.
John D. Rockefeller III | John D Rockefeller the third
World War II ended. | World War two ended.
the XVIIIth century | the eighteenth century
the XIX century | the nineteenth century
MDCCCLXXXVII | eighteen eighty-seven
I am. I was. I. | I am. I was. I.
Vitamin C and Plan B | Vitamin C and Plan B
He had 3 dogs and 15 cats. | He had three dogs and fifteen cats.
1,001 nights | one thousand and one nights
125,000 men | one hundred and twenty-five thousand men
In 1066 he won. | In ten sixty-six he won.
in 1900 or 1905 | in nineteen hundred or nineteen oh five
the year 2005 | the year two thousand and five
the summer of 1815 | the summer of eighteen fifteen
the war of 1914-18 | the war of nineteen fourteen to eighteen
1914–1918 | nineteen fourteen to nineteen eighteen
1250 men fell. | one thousand two hundred and fifty men fell.
1800 men | eighteen hundred men
Since 1848 kings tremble. | Since eighteen forty-eight kings tremble.
44 B.C. | forty-four B C
A.D. 79 | A D seventy-nine
1066 AD | ten sixty-six A D
in the 1850s | in the eighteen fifties
the '50s | the fifties
the roaring '20s | the roaring twenties
a man in his 40s | a man in his forties
the 1900s | the nineteen hundreds
the 19th century | the nineteenth century
a 17th-century house | a seventeenth-century house
on March 5 he died | on March fifth he died
on the 5th of March | on the fifth of March
June 3rd, 1901, was dull. | June third, nineteen oh one, was dull.
24 May 1889 | the twenty-fourth of May eighteen eighty-nine
on the 24 May | on the twenty-fourth of May
12th September | the twelfth of September
Sept. 21st | September twenty-first
in Aug. 1914 | in August nineteen fourteen
Dec. 25, 1899 | December twenty-fifth, eighteen ninety-nine
your letter of the 24th inst. came | your letter of the twenty-fourth instant came
July 1789 | July seventeen eighty-nine
March 5 miles north | March five miles north
He may 24 times refuse. | He may twenty-four times refuse.
May 3-5 | May third to fifth
2013-04-06 | the sixth of April, twenty thirteen
at 8:15 sharp | at eight fifteen sharp
at 8.15 p.m. sharp | at eight fifteen p m sharp
at 5 a.m. | at five a m
He rose at 5 a.m. and ate. | He rose at five a m and ate.
He rose at 5 a.m. He ate. | He rose at five a m. He ate.
9 o'clock | nine o'clock
at 12:00 | at twelve o'clock
7:05 | seven oh five
the 4.50 from Reading | the four fifty from Reading
the 10.30 train | the ten thirty train
till 11.15 | till eleven fifteen
10pm | ten p m
0630 hours | oh six thirty hours
1400 hours | fourteen hundred hours
John 3:16 | John three sixteen
the 1st, the 2nd, the 33rd | the first, the second, the thirty-third
the 2d of June | the second of June
the 3d Regiment | the third Regiment
a 101st time | a one hundred and first time
3/4 of a mile | three quarters of a mile
2/3 | two thirds
2 1/2 hours | two and a half hours
2½ miles | two and a half miles
½ an hour | half an hour
½ mile | half a mile
1/2 hour | half an hour
¾ | three quarters
1/4 | one quarter
7/8 | seven eighths
£5 | five pounds
£1 | one pound
£3 10s. | three pounds and ten shillings
£7 4s. 6d. | seven pounds four shillings and sixpence
5s. 6d. | five shillings and sixpence
He paid 2s. for it. | He paid two shillings for it.
cost 6d. each | cost sixpence each
£1 1s. | one pound and one shilling
3½d. | threepence halfpenny
100l. a year | one hundred pounds a year
£1.5 million | one point five million pounds
£20,000 | twenty thousand pounds
a £5 note | a five-pound note
$5 | five dollars
$1.50 | one dollar and fifty cents
$12.09 | twelve dollars and nine cents
$3 million | three million dollars
$0.25 | twenty-five cents
25¢ | twenty-five cents
€40 | forty euros
5 guineas | five guineas
6 ft. 2 in. | six feet two inches
6ft tall | six feet tall
5' 11" | five feet eleven inches
10 lbs. of flour | ten pounds of flour
3 oz. | three ounces
1 lb. | one pound
40 m.p.h. | forty miles per hour
-5°C | minus five degrees Celsius
98.6° F. | ninety-eight point six degrees Fahrenheit
at 45° north | at forty-five degrees north
5% | five percent
20 kg and 3 km | twenty kilograms and three kilometres
12 st. 7 lb. | twelve stone seven pounds
a 6-ft. man | a six-foot man
a 10-mile walk | a ten-mile walk
a 5-year-old boy | a five-year-old boy
3-5 men | three to five men
pp. 12–14 | pages twelve to fourteen
p. 9 | page nine
20–30 yards | twenty to thirty yards
They won 3–2. | They won three to two.
No. 7 | Number seven
Nos. 5 & 6 | Numbers five and six
at no. 7 | at number seven
He said no. 5 men came. | He said no. five men came.
No. I will not. | No. I will not.
vol. 3, chap. 4, fig. 2 | volume three, chapter four, figure two
Vol. II | Volume two
i.e. that, viz. this, cf. those | that is that, namely this, compare those
dogs, cats, &c. | dogs, cats, et cetera
Smith vs. Jones | Smith versus Jones
P.S. Write. | P S Write.
J. R. R. Tolkien | J R R Tolkien
John H. Watson | John H Watson
the U.S.A. | the U S A
H.M.S. Pinafore | H M S Pinafore
a Ph.D. thesis | a P h D thesis
George Brown, M.P., spoke | George Brown, M P, spoke
R.S.V.P. | R S V P
Room 101 | Room one oh one
221B Baker Street | two twenty-one B Baker Street
Flat 4a | Flat four A
1600 Pennsylvania Avenue | sixteen hundred Pennsylvania Avenue
555-1234 | five five five, one two three four
MP3 | M P three
H2O | H two O
a B-52 bomber | a B fifty-two bomber
agent 007 | agent zero zero seven
3.14 | three point one four
0.5 | zero point five
-7 | minus seven
It was 5. Then 6. | It was five. Then six.
#5 | number five
2 + 2 = 4 | two plus two equals four
“B-b-but why?” | Buh-buh-but why?
“W-what?” | Wuh-what?
D-Day came. | D-Day came.
“Nooooo!” | No!
Goooood | Good
Sooo tired | So tired
Hmmmm | Hmm
“STOP!” he said. | Stop! he said.
I said NO to the BBC and NASA. | I said no to the BBC and nasa.
the USA and the UK | the USA and the UK
d—n it | damn it
Lord B—— came. | Lord B came.
Mr. —— came. | Mister Blank came.
in 18— or so | in eighteen blank or so
the ——shire militia | the Blankshire militia
Go to www.example.com now | Go to W W W dot example dot com now
me@example.org | me at example dot org
an x-ray, a T-shirt | an x-ray, a T-shirt
the dogs' 5 bones | the dogs' five bones
It cost 2/6. | It cost two and six.
George V. was king. | George the fifth was king.
the summer of ’69 | the summer of sixty-nine
Go to Baker St. He is there. | Go to Baker Street. He is there.
“We-e-ell,” she said | Well, she said
h—ll | hell
F# minor | F sharp minor
a 1/4-inch bolt | a quarter-inch bolt
call 999 | call nine nine nine
Ph.D. and PhD | P h D and P h D
He's 5'2" and 30. | He's five feet two inches and thirty.
"""

GENERAL = """
May 5, 2012 | the fifth of May, twenty twelve
december 3, 1999 | the third of December, nineteen ninety-nine
2015-07-09 | the ninth of July twenty fifteen
2.45 p.m. | two forty-five PM
3:00 | three o'clock
$4.10 | four point one dollars
$2.5 billion | two point five billion dollars
-4 | negative four
-15kg | negative fifteen kilograms
1,500 | thousand five hundred
1200 | twelve hundred
5201 | five thousand two hundred and one
1/5 | one fifth
12 3/5 | twelve and three fifths
4/4 | four quarters
Gen. | General
Sgt. | Sergeant
a1@b.org | a one at b dot org
"""


def rows(text: str) -> list[tuple[str, ...]]:
    return [tuple(part.strip() for part in row.split(" | ")) for row in text.strip().splitlines()]


@pytest.mark.parametrize(("written", "spoken"), rows(ROWS))
def test_fiction(written: str, spoken: str) -> None:
    assert said(written) == spoken


@pytest.mark.parametrize(("written", "spoken"), rows(GENERAL))
def test_general(written: str, spoken: str) -> None:
    assert said(written, "general") == spoken


def test_off_leaves_numbers_to_the_engine() -> None:
    assert said("Mr. Brown is 50.", "off") == "Mr. Brown is 50."
