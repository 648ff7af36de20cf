"""Hostile manuscripts: every mark that a rule looks for, in every order."""

from __future__ import annotations

from hypothesis import strategies as st

LATIN = [
    "Chapter I", "CHAPTER II. THE END", "I.", "IV", "Part One", "[ 2 ]", "Contents", "NOTES",
    "* * *", "***", "---", "⁂", "```", "□注释", "[1] A note.", "[Illustration: a cat]",
    "“Come here,” said Anna.", "“Well—", "“No.” “Yes.”", '"Stop!" he cried. "Now."',
    "Anna said, 'Go away,' and left.", "He was ‘gone’.", "[anna] Good evening.", "[anna|sad] Oh.",
    "ANNA: Come in.", "Boris: No.", "An _odd_ word_ and _another_.", "snake_case", "a well-",
    "1,000.5",
    "He lived in St. Mary St. in 1850. . . . Then", "word" * 40, "…………", "“……”", "!!!",
    "end.[12] Next*", "a  b\tc\u00a0d", "soft\u00adhyphen\u200b", "e\u0301\u0301", "👩‍👩‍👧 went.",
    "مرحبا بالعالم", "# Title", "> quoted", "- item", "| MRS. A", "&amp; &#8212; <b>x</b>",
    "Title\n=====", "    indented", "*** START OF NOTHING", "by A. Writer", "\u2028", "\x0c",
]  # fmt: skip
HAN = [
    "第一章 开始", "第二章", "一", "（二）", "目录", "孔乙己⑴", "·鲁迅·", "　　他说：“好。”",
    "掌柜说，“哦！”",
    "“对呀！”孔乙己说。", "“没完", "「你」『我』", "他看着《红楼梦》第３回。",
    "悉悉卒卒【“悉卒”音“息苏”】的响",
    "——", "……", "　　　　一九一九年三月。", "⑻", "注释", "旁白：天黑了。", "，。", "GLM-4.5很快。",
]  # fmt: skip
PIECES = st.one_of(
    st.sampled_from(LATIN + HAN),
    st.text(
        st.characters(exclude_categories=("Cs", "Cc"), include_characters=" \n“”\"'.!?，。"),
        max_size=40,
    ),
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Lines with any number of blank ones between, with one sentence so that there is a book."""
    lines = draw(st.lists(PIECES, max_size=14))
    ends = draw(
        st.lists(st.sampled_from(["\n", "\n\n", " ", "\n\n\n\n"]), min_size=14, max_size=14)
    )
    body = "".join(line + end for line, end in zip(lines, ends, strict=False))
    where = draw(st.booleans())
    always = "The lamp was lit and the house was still."
    return f"{always}\n\n{body}" if where else f"{body}\n\n{always}"
