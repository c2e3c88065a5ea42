"""Texts on which the `embed` worker compares precisions: of the lengths and kinds that feeds have."""

from __future__ import annotations

SHORT = (
    "The ferry is late again",
    "Version 4.2 fixes the memory leak in the importer",
    "Which bread keeps longest in a bag?",
    "Lost cat near the old mill, grey with one white paw",
    "Markets close lower after the bank's surprise move",
    "I finally finished the marathon and I could cry",
    "Never buy from this shop, they ignored me for six weeks",
    "Photos: the lake froze over for the first time since 2009",
    "Ask the forum: how do you back up a phone without a cloud?",
    "Goal in the 94th minute sends the town wild",
    "Rain until Thursday, then clearing from the west",
    "You will not believe what this plumber found behind the wall!!!",
    "Minister denies knowing about the contract",
    "Tiny telescope, big discovery: a second moon of dust",
    "RT if you remember the sound of a modem",
    "Recall: peanut traces in oat bars sold in March",
)

MIDDLE = (
    "The council voted nine to four to close the bridge to cars from next spring. Cyclists welcomed it; two shop owners "
    "said they would go to court, because deliveries would have to take the long way round by the station.",
    "A new release of the compiler shortens build times by a third on large projects. The notes warn that three flags "
    "which had been deprecated for years are now errors, and that cached objects from older versions are thrown away.",
    "Researchers followed four hundred families for ten years and found that children who were read to slept longer. "
    "They say that the link is weak, that income explains part of it, and that nobody should feel guilty.",
    "We spent the weekend in the hills without any reception, and it was wonderful. The hut had a stove, eight beds and "
    "a visitors' book going back to the sixties. I would go again tomorrow if my knees let me.",
    "The company said on Monday that it lost the records of about two million customers. Card numbers were not among "
    "them, it claims, yet it advises everyone to change passwords and to watch their accounts.",
    "Our tomatoes failed this year. First the late frost, then a month without rain, and in August the blight came. "
    "Next year I will try an early variety under glass and keep the garlic where it was.",
    "After two hours the jury found the former treasurer guilty on five of seven counts. Sentencing is set for June; "
    "her lawyer announced an appeal and spoke of evidence that had been kept from the defence.",
    "The orchestra opens its season with a symphony that was thought lost until a librarian found the parts in a box "
    "labelled heating bills. Tickets for students cost six euros at the door.",
    "A short guide to sharpening kitchen knives: use a coarse stone only on damaged edges, keep the angle steady, count "
    "the strokes on each side, and finish on leather. Ten minutes a month are enough.",
    "Engineers restored contact with the probe after eleven days of silence. A cosmic ray had flipped a bit in the "
    "clock; the spacecraft noticed, switched to its spare computer and waited for instructions.",
    "The striker will miss the rest of the season with a torn ligament. The club is looking for a replacement on loan, "
    "though the coach said he would rather give the youngsters their chance.",
    "Readers asked how we choose our sources. We pay for everything we review, we say who owns what, and we print "
    "corrections on the page where the mistake was.",
)

LONG = (
    "The valley used to flood every few years, and people built accordingly: kitchens upstairs, cattle on the mounds, "
    "a boat under each roof. Then the dam came, and for two generations nobody thought of water. Now the dam is to be "
    "taken down because it would cost more to repair than the power it makes is worth, and because salmon cannot pass. "
    "At the meeting in the school hall the hydrologist showed maps in four shades of blue. A farmer asked who would pay "
    "for his cellar. A woman whose grandmother had rowed to church said that she was looking forward to hearing the "
    "river again. The engineer promised sensors, text messages, a siren. In the end they agreed on a timetable: two "
    "years of studies, one of drawing down the lake, one of removing concrete, ten of watching what grows.",
    "I have used the tablet for half a year and can say what the tests of the first week could not. The screen is still "
    "the best thing about it, bright enough for the balcony and calm enough for the bed. The battery held two days at "
    "first and holds one and a half now. The pen is a joy; the software that comes with it is not: it loses the last "
    "stroke when it goes to sleep, and the maker has promised a fix three times. I had it repaired once, for a speaker "
    "that crackled, and got it back in nine days with a friendly note and all my settings gone. Would I buy it again? "
    "For drawing, yes. For reading alone there are cheaper and lighter ones, and for work I would still take a laptop.",
    "Inflation fell to 2.4 per cent in October from 2.9 the month before, the statistics office said, mostly because "
    "fuel became cheaper. Prices of services rose by 4.1 per cent, as they have all year, and rents by 3.6. Economists "
    "had expected a smaller decline. The central bank meets in two weeks; most observers think that it will wait until "
    "January before it lowers rates again. The finance minister called the figures encouraging. Trade unions pointed "
    "out that food still costs a fifth more than four years ago while wages have risen by an eighth, and asked for a "
    "round of talks before Christmas. The employers' federation answered that it was open to talks about productivity.",
    "How a mistake in a spreadsheet cost a village its library: when the district merged its budgets, somebody sorted "
    "one column and not its neighbour. For eleven months the library's money went to a gravel pit, and the gravel pit's "
    "to a choir. The choir bought robes. The pit, being a hole, noticed nothing. The librarian wrote nine letters, paid "
    "for the heating out of her own pocket in February, and closed the doors in May. It was a pupil on a placement who "
    "found it, because she had been told to type the whole table anew for practice. The money is back; the robes will "
    "stay with the choir, which gives a concert on Saturday in the reading room, admission free, soup afterwards.",
    "Good evening everybody, quick report from the repair café. We had forty-one visitors and mended twenty-six things: "
    "nine lamps, five toasters, a music box, three pairs of trousers, a laptop that only needed its fan cleaned, two "
    "radios, a doll's arm, and several bicycles that arrived in the rain and left before we could count them. Two items "
    "were beyond hope. We still look for somebody who understands sewing machines, and for a second soldering station. "
    "The next date is the first Saturday of the month, from ten until three; please bring the thing, its cable and a "
    "little patience. Coffee was donated by the bakery again, thank you, and the cake by Mr Lind, who is ninety.",
    "The paper describes a way of storing heat in sand. A silo of a hundred tonnes is warmed with surplus power in "
    "summer to about 500 degrees and gives the heat back in winter through pipes of air. The authors ran one for two "
    "seasons beside a swimming pool and lost a tenth of the heat in the first month and a fifth over four. That is "
    "worse than they had calculated, since rain seeped into the insulation, but already cheaper per kilowatt hour than "
    "batteries by an order of magnitude. Critics note that the comparison is unfair: a battery returns electricity. "
    "Still, half of what northern towns burn is burnt for warmth, and sand neither burns nor leaks nor runs out.",
)

SAMPLES: tuple[str, ...] = SHORT + MIDDLE + LONG
