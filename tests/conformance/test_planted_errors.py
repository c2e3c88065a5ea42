"""The evidence check against short texts of our own: true sentences about them, and the same with one error planted."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from engine import check_summary


@dataclass(frozen=True)
class Story:
    source: str
    true: tuple[str, ...]
    planted: tuple[tuple[str, str], ...]  # kind, sentence


STORIES = (
    Story(
        "The city council voted 7–2 on Tuesday to close Main Street to cars on weekends starting in June. Councillor Ana"
        " Ruiz said the plan would “give the street back to people”. Shop owner Peter Lang was not convinced and expects"
        " to lose 15% of his customers. The pilot will run for four months and cost $120,000.",
        (
            "The council voted 7–2 to close Main Street to cars on weekends from June.",
            "Ana Ruiz said the plan would “give the street back to people”.",
            "Shop owner Peter Lang, who was not convinced, expects to lose 15% of his customers.",
            "The four-month pilot will cost $120,000.",
        ),
        (
            ("number", "The council voted 9–2 to close Main Street to cars on weekends from June."),
            ("number", "The pilot will run for seven months and cost $120,000."),
            ("number", "Shop owner Peter Lang expects to lose 50% of his customers."),
            ("name", "Peter Lang said the plan would “give the street back to people”."),
            ("name", "The council voted 7–2 to close Bridge Street to cars on weekends from June."),
            ("negation", "Shop owner Peter Lang was convinced and expects to lose 15% of his customers."),
            ("negation", "The council voted 7–2 not to close Main Street to cars on weekends from June."),
            ("date", "The council voted 7–2 on Thursday to close Main Street to cars."),
            ("date", "Main Street closes to cars on weekends starting in July."),
            ("quotation", "Ana Ruiz said the plan would “give the street back to cars”."),
            (
                "unsupported",
                "Council votes to close Main Street, a city-owned business that will be closed for four months.",
            ),
        ),
    ),
    Story(
        "Researchers at Halden University followed 2,400 adults for eleven years. Those who walked at least 40 minutes a"
        " day had a 23 percent lower risk of heart disease. The study, led by Dr. Mira Solberg, did not find any effect"
        " on cancer. “Walking is not a cure, but it helps,” Solberg said. The results appeared in March 2024.",
        (
            "Adults who walked at least 40 minutes a day had a 23 percent lower risk of heart disease.",
            "The study by Halden University followed 2,400 adults for 11 years.",
            "The study did not find an effect on cancer.",
            "“Walking is not a cure,” said Dr. Mira Solberg, who led the study.",
        ),
        (
            ("number", "Adults who walked at least 23 minutes a day had a 40 percent lower risk of heart disease."),
            ("number", "The study by Halden University followed 24,000 adults for 11 years."),
            ("name", "The study by Harlow University followed 2,400 adults for 11 years."),
            ("name", "The study was led by Dr. Mira Lindqvist."),
            ("negation", "The study found an effect on cancer."),
            ("negation", "Adults who walked 40 minutes a day did not have a lower risk of heart disease."),
            ("date", "The results appeared in May 2024."),
            ("date", "The results appeared in March 2023."),
            ("quotation", "“Walking is a cure, but it helps,” Solberg said."),
        ),
    ),
    Story(
        "Chipmaker Norvex will buy its smaller rival Altiq for $3.2 billion in cash, the companies announced on Monday."
        " Norvex chief executive Jonas Hale called it “the most important step in our history”. The deal needs the"
        " approval of regulators in the United States and Japan and should close by September. Altiq employs 1,900"
        " people and will keep its headquarters in Lyon. Shares of Altiq rose 31%, while Norvex fell 4%.",
        (
            "Norvex is to buy its rival Altiq for $3.2 billion in cash.",
            "Altiq, which employs 1,900 people, will keep its headquarters in Lyon.",
            "Altiq shares rose 31% and Norvex fell 4%.",
            "The deal needs approval from regulators in the United States and Japan.",
        ),
        (
            ("number", "Norvex is to buy its rival Altiq for $2.3 billion in cash."),
            ("number", "Altiq shares rose 4% and Norvex fell 31%."),
            ("number", "Altiq employs 9,100 people."),
            ("name", "Altiq is to buy its rival Norvex for $3.2 billion in cash."),
            ("name", "Altiq will keep its headquarters in Japan."),
            ("name", "The deal needs approval from regulators in the United States and China."),
            ("negation", "Altiq will not keep its headquarters in Lyon."),
            ("negation", "The deal does not need the approval of regulators."),
            ("date", "The companies announced the deal on Wednesday."),
            ("date", "The deal should close by November."),
            ("quotation", "Jonas Hale called it “the most expensive step in our history”."),
        ),
    ),
    Story(
        "Heavy rain flooded parts of Ostrava on Friday night, and firefighters rescued 64 people from their homes. Nobody"
        " was hurt. Mayor Lenka Dvorak asked residents to avoid the river until Sunday. The water had reached 3.8"
        " metres, the highest level since 1997. Schools will reopen on Wednesday.",
        (
            "Firefighters rescued 64 people from their homes after heavy rain flooded parts of Ostrava.",
            "Nobody was hurt in the flood.",
            "The water reached 3.8 metres, its highest level since 1997.",
            "Mayor Lenka Dvorak asked residents to avoid the river.",
        ),
        (
            ("number", "Firefighters rescued 46 people from their homes after heavy rain flooded parts of Ostrava."),
            ("number", "The water reached 8.3 metres, the highest level since 1997."),
            ("name", "Heavy rain flooded parts of Prague on Friday night."),
            ("name", "Mayor Jana Dvorak asked residents to avoid the river."),
            ("negation", "Mayor Lenka Dvorak did not ask residents to avoid the river."),
            ("negation", "Schools will not reopen on Wednesday."),
            ("date", "Schools will reopen on Sunday."),
            ("date", "The water reached its highest level since 2002."),
            ("date", "Heavy rain flooded parts of Ostrava on Wednesday night."),
        ),
    ),
    Story(
        "Version 4.1 of the Larkspur editor is out. It opens large files about three times faster and uses 200 MB less"
        " memory. Plugins written for version 3 no longer work. Maintainer Kofi Mensah wrote that “the old plugin"
        " interface had become impossible to secure”. Windows builds are delayed until 14 October; Linux and macOS"
        " builds are available today.",
        (
            "Larkspur 4.1 opens large files about three times faster and uses 200 MB less memory.",
            "Plugins written for version 3 no longer work.",
            "Kofi Mensah wrote that “the old plugin interface had become impossible to secure”.",
            "Builds for Linux and macOS are available today, and Windows builds are delayed until 14 October.",
        ),
        (
            ("number", "Larkspur 4.1 opens large files about five times faster."),
            ("number", "Larkspur 4.1 uses 300 MB less memory."),
            ("name", "Builds for Windows are available today."),
            ("name", "Kofi Boateng wrote that the old plugin interface had become impossible to secure."),
            ("negation", "Plugins written for version 3 work."),
            ("negation", "Linux and macOS builds are not available today."),
            ("date", "Windows builds are delayed until 14 November."),
            ("date", "Windows builds are delayed until 4 October."),
            ("quotation", "Kofi Mensah wrote that “the old plugin interface had become impossible to maintain”."),
        ),
    ),
    Story(
        "Striker Ines Carvalho scored twice as Porto Azul beat Vila Real 3-1 on Saturday. Goalkeeper Marta Nunes saved a"
        " penalty in the 78th minute. Coach Rui Leal said his team “played without fear”. Vila Real have now lost five"
        " games in a row. Captain Sofia Pinto did not travel because of a knee injury and will be out until January.",
        (
            "Ines Carvalho scored twice as Porto Azul beat Vila Real 3-1.",
            "Marta Nunes saved a penalty in the 78th minute.",
            "Vila Real have lost five games in a row.",
            "Captain Sofia Pinto, who has a knee injury, will be out until January.",
        ),
        (
            ("number", "Ines Carvalho scored twice as Porto Azul beat Vila Real 4-1."),
            ("number", "Vila Real have lost three games in a row."),
            ("number", "Marta Nunes saved a penalty in the 87th minute."),
            ("name", "Sofia Pinto scored twice as Porto Azul beat Vila Real 3-1."),
            ("name", "Vila Real beat Porto Azul 3-1 on Saturday."),
            ("name", "Marta Carvalho saved a penalty in the 78th minute."),
            ("negation", "Captain Sofia Pinto travelled despite a knee injury."),
            ("negation", "Marta Nunes did not save a penalty in the 78th minute."),
            ("date", "Captain Sofia Pinto will be out until February."),
            ("date", "Porto Azul beat Vila Real 3-1 on Sunday."),
            ("quotation", "Rui Leal said his team “played without passion”."),
        ),
    ),
    Story(
        "The museum in Leeds has bought a letter that the astronomer Caroline Herschel wrote in 1798. It paid £42,000 at"
        " an auction in London. In the letter Herschel describes how she found her eighth comet. The museum will not lend"
        " it to other houses, director Owen Pike said. Visitors can see it from 3 May.",
        (
            "The Leeds museum paid £42,000 for a letter that Caroline Herschel wrote in 1798.",
            "In the letter Herschel describes how she found her eighth comet.",
            "The museum will not lend the letter to other houses, director Owen Pike said.",
        ),
        (
            ("number", "The Leeds museum paid £24,000 for a letter by Caroline Herschel."),
            ("number", "In the letter Herschel describes how she found her sixth comet."),
            ("name", "The museum bought the letter at an auction in Paris."),
            ("name", "The museum in London has bought a letter by the astronomer Caroline Herschel."),
            ("negation", "The museum will lend it to other houses, director Owen Pike said."),
            ("negation", "Visitors cannot see it from 3 May."),
            ("date", "Visitors can see it from 3 June."),
            ("date", "Caroline Herschel wrote the letter in 1789."),
        ),
    ),
    Story(
        "A fault in the payment system of Bank Fjord left about 30,000 customers without access to their accounts for"
        " six hours on Thursday. The bank said no money was lost. “We failed our customers today,” chief technology"
        " officer Erik Dahl said. He ruled out an attack. The bank will pay each customer 150 kroner.",
        (
            "About 30,000 customers of Bank Fjord had no access to their accounts for six hours on Thursday.",
            "No money was lost, the bank said.",
            "The bank will pay each customer 150 kroner.",
            "“We failed our customers today,” said chief technology officer Erik Dahl.",
        ),
        (
            ("number", "About 13,000 customers of Bank Fjord were left without access to their accounts."),
            ("number", "The bank will pay each customer 500 kroner."),
            ("number", "Customers were left without access to their accounts for ten hours."),
            ("name", "A fault in the payment system of Bank Norden left customers without access."),
            ("negation", "The bank said money was lost."),
            ("negation", "The bank will not pay each customer 150 kroner."),
            ("date", "Customers of Bank Fjord were left without access to their accounts on Tuesday."),
            ("quotation", "“We failed our country today,” Erik Dahl said."),
            ("quotation", "“We never failed our customers today,” Erik Dahl said."),
        ),
    ),
    Story(
        "i moved my blog from a rented server to a raspberry pi in the cupboard last november. it serves about 900 pages"
        " a day and draws 4 watts. the hardest part was the certificate, not the web server. my friend tomasz wrote the"
        " backup script. i would not do it again for a shop.",
        (
            "the blog moved from a rented server to a raspberry pi last november.",
            "it serves about 900 pages a day and draws 4 watts.",
            "tomasz, a friend, wrote the backup script.",
        ),
        (
            ("number", "it serves about 90 pages a day and draws 4 watts."),
            ("number", "it draws 9 watts."),
            ("name", "my friend piotr wrote the backup script."),
            ("negation", "the hardest part was not the certificate."),
            ("negation", "i would do it again for a shop."),
            ("date", "the blog moved from a rented server to a raspberry pi last october."),
        ),
    ),
    Story(
        "President Amara Diallo met Prime Minister Henrik Voss in Geneva on 12 April. Diallo promised 50 million euros"
        " for clean water, and Voss offered 80 engineers. They could not agree on fishing rights. Talks resume in Dakar"
        " next spring. “We have time,” said Voss.",
        (
            "Amara Diallo met Henrik Voss in Geneva on 12 April.",
            "Diallo promised 50 million euros for clean water.",
            "Diallo and Voss could not agree on fishing rights.",
        ),
        (
            ("number", "Diallo promised 15 million euros for clean water."),
            ("number", "Voss offered 50 engineers."),
            ("name", "Voss promised 50 million euros for clean water."),
            ("name", "Amara Diallo met Henrik Voss in Dakar on 12 April."),
            ("negation", "Diallo and Voss could agree on fishing rights."),
            ("negation", "Voss did not offer 80 engineers."),
            ("date", "Amara Diallo met Henrik Voss in Geneva on 21 April."),
            ("date", "Talks resume in Dakar next autumn."),
            ("quotation", "“We have money,” said Voss."),
        ),
    ),
    Story(
        "Beekeepers in the Alps lost a third of their colonies last winter, a survey of 1,150 keepers shows. The varroa"
        " mite is the main cause; pesticides played no role. Agronomist Lea Moser advises treating hives in August."
        " Losses were highest in Tyrol, at 44 percent, and lowest in Valais, at 19 percent.",
        (
            "The varroa mite is the main cause of the losses, and pesticides played no role.",
            "Losses were highest in Tyrol, at 44 percent.",
            "Lea Moser, an agronomist, advises treating hives in August.",
        ),
        (
            ("number", "Losses were highest in Tyrol, at 19 percent."),
            ("number", "A survey of 1,510 keepers shows that beekeepers lost a third of their colonies."),
            ("name", "Losses were highest in Valais, at 44 percent."),
            ("name", "Agronomist Lea Huber advises treating hives in August."),
            ("negation", "Pesticides played a role."),
            ("negation", "The varroa mite is not the main cause."),
            ("date", "Lea Moser advises treating hives in October."),
            ("date", "Beekeepers in the Alps lost a third of their colonies last summer."),
        ),
    ),
    Story(
        "Astronomers using the Tarn telescope have found water vapour around the planet K-77 b, 124 light years away. It"
        " is the smallest planet on which water was ever detected. “This does not mean there is life,” cautioned team"
        " leader Yuki Arai of Kyoto. Further observations are planned for December 2027.",
        (
            "Astronomers have found water vapour around the planet K-77 b, 124 light years away.",
            "It is the smallest planet on which water was detected.",
            "“This does not mean there is life,” said team leader Yuki Arai.",
            "Further observations are planned for December 2027.",
        ),
        (
            ("number", "Astronomers have found water vapour around the planet K-77 b, 142 light years away."),
            ("name", "Astronomers using the Hubble telescope have found water vapour around the planet K-77 b."),
            ("negation", "Astronomers have not found water vapour around the planet K-77 b."),
            ("negation", "It is not the smallest planet on which water was ever detected."),
            ("date", "Further observations are planned for December 2025."),
            ("date", "Further observations are planned for October 2027."),
            ("quotation", "“This does mean there is life,” cautioned Yuki Arai."),
        ),
    ),
    Story(
        "Bus drivers in Malmö went on strike on Monday over pay. Their union, led by Karin Ek, asks for 6 percent more;"
        " the company offers 3.5 percent. Night buses are not affected. The two sides will meet again on Friday. In 2019"
        " a similar strike lasted nine days.",
        (
            "Bus drivers in Malmö went on strike over pay.",
            "The union asks for 6 percent more, while the company offers 3.5 percent.",
            "Night buses are not affected.",
        ),
        (
            ("number", "The union asks for 3.5 percent more, while the company offers 6 percent."),
            ("number", "In 2019 a similar strike lasted two days."),
            ("name", "Bus drivers in Lund went on strike over pay."),
            ("negation", "Night buses are affected."),
            ("negation", "Bus drivers in Malmö did not go on strike."),
            ("date", "The two sides will meet again on Monday."),
            ("date", "In 2016 a similar strike lasted nine days."),
        ),
    ),
    Story(
        "市政府周二宣布，从六月开始，周末将禁止汽车进入中山路。市长李明说：“我们要把街道还给市民。”试点为期四个月，费用为12万元。"
        "店主王芳并不赞成，她担心会失去15%的顾客。",
        (
            "市政府宣布，从六月开始周末禁止汽车进入中山路。",
            "试点为期四个月，费用12万元。",
            "店主王芳不赞成，担心失去15%的顾客。",
            "市长李明说：“我们要把街道还给市民。”",
        ),
        (
            ("number", "试点为期六个月，费用12万元。"),
            ("number", "店主王芳担心会失去50%的顾客。"),
            ("number", "试点为期四个月，费用为21万元。"),
            ("name", "市长王芳说：“我们要把街道还给市民。”"),
            ("name", "从六月开始周末将禁止汽车进入解放路。"),
            ("negation", "店主王芳赞成，她担心会失去15%的顾客。"),
            ("date", "市政府周五宣布，周末将禁止汽车进入中山路。"),
            ("date", "从九月开始，周末将禁止汽车进入中山路。"),
            ("quotation", "市长李明说：“我们要把街道还给游客。”"),
        ),
    ),
    Story(
        "华东大学的研究人员对2400名成年人进行了十一年的跟踪调查。每天步行至少40分钟的人，患心脏病的风险低23%。"
        "项目负责人陈静表示，没有发现步行对癌症有影响。研究结果于2024年3月发表。",
        (
            "华东大学的研究人员对2400名成年人跟踪调查了十一年。",
            "每天步行至少40分钟的人患心脏病的风险低23%。",
            "陈静表示没有发现步行对癌症有影响。",
        ),
        (
            ("number", "每天步行至少23分钟的人，患心脏病的风险低40%。"),
            ("number", "华东大学的研究人员对4200名成年人进行了跟踪调查。"),
            ("name", "项目负责人张伟表示，没有发现步行对癌症有影响。"),
            ("name", "华北大学的研究人员对2400名成年人进行了十一年的跟踪调查。"),
            ("negation", "陈静表示发现步行对癌症有影响。"),
            ("negation", "每天步行至少40分钟的人，患心脏病的风险没有低23%。"),
            ("date", "研究结果于2023年3月发表。"),
            ("date", "研究结果于2024年5月发表。"),
        ),
    ),
    Story(
        "星河科技周一宣布以32亿元收购规模较小的对手蓝湖公司。星河科技总裁赵磊称这是“公司历史上最重要的一步”。交易预计在9月完成。"
        "蓝湖公司有1900名员工，总部将继续留在苏州。蓝湖股价上涨31%，星河股价下跌4%。",
        (
            "星河科技将以32亿元收购对手蓝湖公司。",
            "蓝湖公司有1900名员工，总部继续留在苏州。",
            "蓝湖股价上涨31%，星河股价下跌4%。",
        ),
        (
            ("number", "星河科技将以23亿元收购对手蓝湖公司。"),
            ("number", "蓝湖公司有9100名员工。"),
            ("name", "蓝湖公司总部将继续留在杭州。"),
            ("name", "星河科技总裁周涛称这是“公司历史上最重要的一步”。"),
            ("negation", "蓝湖公司总部将不再留在苏州。"),
            ("negation", "交易预计不会在9月完成。"),
            ("date", "星河科技周四宣布收购蓝湖公司。"),
            ("date", "交易预计在11月完成。"),
            ("quotation", "赵磊称这是“公司历史上最昂贵的一步”。"),
        ),
    ),
    Story(
        "周五夜间的暴雨淹没了南江市部分地区，消防员从家中救出64人，没有人受伤。市长林丹要求居民在周日之前远离河边。"
        "水位达到3.8米，是1997年以来的最高水平。学校将于周三复课。",
        (
            "暴雨淹没了南江市部分地区，消防员救出64人。",
            "水位达到3.8米，是1997年以来的最高水平。",
            "没有人受伤。",
        ),
        (
            ("number", "消防员从家中救出46人，没有人受伤。"),
            ("number", "水位达到8.3米，是1997年以来的最高水平。"),
            ("name", "周五夜间的暴雨淹没了北海市部分地区。"),
            ("name", "市长刘洋要求居民远离河边。"),
            ("negation", "市长林丹没有要求居民远离河边。"),
            ("negation", "学校将不会于周三复课。"),
            ("date", "学校将于周一复课。"),
            ("date", "水位是2002年以来的最高水平。"),
        ),
    ),
    Story(
        "国家图书馆购得天文学家王贞仪的一封亲笔信，价格为42万元。馆长孙浩说，这封信不会外借。观众从5月3日起可以看到它。",
        (
            "国家图书馆以42万元购得天文学家王贞仪的一封亲笔信。",
            "馆长孙浩说这封信不会外借。",
            "观众从5月3日起可以看到它。",
        ),
        (
            ("number", "国家图书馆以24万元购得天文学家王贞仪的一封亲笔信。"),
            ("name", "馆长马骏说，这封信不会外借。"),
            ("negation", "馆长孙浩说，这封信会外借。"),
            ("date", "观众从6月3日起可以看到它。"),
            ("date", "观众从5月8日起可以看到它。"),
        ),
    ),
    Story(
        "The library of Wick lends tools now. Since April anyone with a card can borrow drills, saws and a sewing machine"
        " for seven days. Volunteer Morag Bain repairs what comes back broken. “Nobody needs a drill every day,” she said."
        " So far 310 people have joined, and only two tools were lost.",
        (
            "Anyone with a card can borrow drills, saws and a sewing machine for seven days.",
            "Volunteer Morag Bain repairs tools that come back broken.",
            "310 people have joined so far, and only two tools were lost.",
            "The library of Wick has lent tools since April.",
        ),
        (
            ("number", "310 people have joined so far, and seven tools were lost."),
            ("number", "Anyone with a card can borrow drills for 17 days."),
            ("name", "The library of Thurso lends tools now."),
            ("name", "Volunteer Morag Sinclair repairs what comes back broken."),
            ("negation", "Anyone without a card can borrow drills, saws and a sewing machine."),
            ("negation", "Volunteer Morag Bain does not repair what comes back broken."),
            ("date", "Since August anyone with a card can borrow drills, saws and a sewing machine."),
            ("quotation", "“Nobody needs a saw every day,” she said."),
        ),
    ),
)

KINDS = ("number", "name", "negation", "date", "quotation")


def rejected(kind: str) -> tuple[int, int]:
    """Planted sentences of a kind that the check refuses, and how many there are."""
    verdicts = [
        check_summary(text, story.source) for story in STORIES for found, text in story.planted if found == kind
    ]
    return sum(not verdict.ok for verdict in verdicts), len(verdicts)


def test_at_least_95_percent_of_planted_errors_are_refused() -> None:
    counts = [rejected(kind) for kind in KINDS]
    assert sum(found for found, _ in counts) >= 0.95 * sum(total for _, total in counts)


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_of_planted_error_is_weak(kind: str) -> None:
    found, total = rejected(kind)
    assert found >= 0.9 * total


def test_at_most_15_percent_of_true_sentences_are_refused() -> None:
    verdicts = [check_summary(text, story.source) for story in STORIES for text in story.true]
    assert sum(not verdict.ok for verdict in verdicts) <= 0.15 * len(verdicts)


def test_invented_content_is_refused_though_every_fact_in_it_stands_in_the_source() -> None:
    found, total = rejected("unsupported")
    assert total
    assert found == total


@pytest.mark.parametrize("story", STORIES, ids=range(len(STORIES)))
def test_every_sentence_of_a_text_is_supported_by_that_text(story: Story) -> None:
    from engine.language.sentences import split

    for span in split(story.source):
        assert check_summary(story.source[span.start : span.end], story.source).ok
