"""How Chinese is said where two ways are right: a table of choices for each profile."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Style:
    """The choices. ``fiction`` as a narrator reads; ``general`` as WeTextProcessing puts it."""

    half_past: bool = True  # 4:30 四点半, not 四点三十分
    jiao: bool = True  # ￥6.30 六元三角, not 六点三零元
    below_zero: bool = True  # -8℃ 零下八摄氏度, not 负八摄氏度
    bare_dates: bool = False  # 07-06 and 12-25 are days of the year
    bare_scores: bool = False  # 国安 3/1
    called_services: bool = False  # 12306 is called even alone
    two_years: str = "两"  # 2年
    short_years: bool = True  # 87年 八七年, not 八十七年
    rooms: bool = True  # 302房间 三零二, not 三百零二
    loud: bool = True  # ×× 某某


STYLES = {
    "fiction": Style(),
    "general": Style(
        half_past=False,
        jiao=False,
        below_zero=False,
        bare_dates=True,
        bare_scores=True,
        called_services=True,
        two_years="二",
        short_years=False,
        rooms=False,
        loud=False,
    ),
}
