"""English."""

from monitor.stories.vocabulary import Vocabulary, numbered, phrases, words

WORDS = Vocabulary(
    numbers=numbered(
        "two=2 three=3 four=4 five=5 six=6 seven=7 eight=8 nine=9 ten=10 eleven=11 twelve=12 thirteen=13"
        " fourteen=14 fifteen=15 sixteen=16 seventeen=17 eighteen=18 nineteen=19 twenty=20 thirty=30 forty=40"
        " fifty=50 sixty=60 seventy=70 eighty=80 ninety=90 dozen=12"
    ),
    multipliers=numbered(
        "hundred=100 thousand=1000 million=1000000 billion=1000000000 m=1000000 bn=1000000000"
    ),
    ones=words("one"),
    joints=words("and"),
    casualties={
        "dead": words(
            "dead death deaths die died dies dying kill killed killing kills toll fatalities"
            " fatality victims bodies"
            " perished lives assassinated murdered"
        ),
        "injured": words(
            "injured injuring injures injuries hurt wounded wounding wounds hospitalised hospitalized"
        ),
        "missing": words("missing unaccounted disappeared"),
        "trapped": words("trapped trapping buried stranded"),
        "arrested": words("arrested arrests detained detains"),
        "hostages": words("hostage hostages kidnapped abducted captives"),
        "displaced": words("displaced evacuated evacuates homeless fled flee homes"),
        "rescued": words("rescued saved survivors survived"),
    },
    people=words(
        "people persons person men man women woman children child civilians soldiers"
        " passengers workers miners"
        " officers firefighters students others residents migrants fishermen climbers tourists sailors others"
    ),
    outcomes={
        "dead": phrases(
            "dead, dies, died, killed, kills, fatal, fatally, found dead, assassinated, murdered"
        ),
        "convicted": phrases("found guilty, guilty, convicted, convicts, sentenced, guilty verdict, jailed"),
        "acquitted": phrases(
            "acquitted, acquits, cleared of, not guilty verdict, found not guilty, exonerated,"
            " conviction overturned, convictions overturned, verdict overturned, overturned the conviction,"
            " overturned his conviction, overturned her conviction, overturned the verdict"
        ),
        "arrested": phrases("arrested, detained, detains, captured, in custody"),
        "charged": phrases("charged with, indicted, indicts, pleads guilty, pleaded guilty"),
        "released": phrases("released, freed, frees, set free, released on bail"),
        "resigned": phrases(
            "resigns, resigned, steps down, stepped down, stepping down, quits, has quit, resignation letter"
        ),
        "dismissed": phrases("dismissed, sacked, ousted, ousts, removed from office, impeached"),
        "appointed": phrases("appointed, appoints, named as, sworn in, elected, re elected, nominated"),
        "approved": phrases(
            "approved, approves, adopted, adopts, passed a, passed the bill, passed the law, ratified,"
            " ratifies,"
            " voted for, voted to,"
            " signed into law, green light"
        ),
        "rejected": phrases(
            "rejected, rejects, voted down, votes down, vetoed, vetoes, blocked, struck down, defeated"
        ),
        "won": phrases("crowned, wins, won, defeats, clinches, declared winner"),
        "agreed": phrases(
            "agreed, agree on, signed, signs deal, signs law, signs bill, signs pact, signs agreement,"
            " reach deal, reaches deal, reached a deal, reached an agreement"
        ),
        "ended": phrases(
            "ended, called off, calls off, lifted, halted, suspended,"
            " suspends, cancelled, canceled, postponed, declared over, mistrial,"
            " discharged the jury, jury discharged"
        ),
        "rescued": phrases("rescued, found alive, pulled alive, found safe, saved"),
        "found": phrases(
            "bodies found, body found, wreckage found, found the wreckage, identified,"
            " was recovered, were recovered"
        ),
        "caused": phrases(
            "claims responsibility, claimed responsibility, admitted, admits, confessed, confesses"
        ),
        "banned": phrases("banned, outlawed, outlaws"),
        "cut": phrases("cut its, cut the, lowers, lowered its, slashes"),
        "raised": phrases("raised its, hiked, increases its, lifts its, lifted its"),
        "chosen": phrases("chosen, chooses, chose, awarded, selected, selects"),
        "collapsed": phrases("collapsed, sank, sunk, capsized, exploded, bankrupt"),
        "expelled": phrases("expelled, deported, extradited, evicted"),
        "reopened": phrases("reopens, reopened, resumes, resumed"),
        "recalled": phrases("recalls, recalled, withdraws, withdrew, withdrawn, retracts, retracted"),
        "left": phrases(
            "walked out of the government, walked out of the coalition, leaves the government,"
            " leaves the coalition,"
            " left the government, left the coalition, quits the government, quits the coalition,"
            " pulls out of the government, pulled out of the government, pulls out of the coalition,"
            " pulled out of the coalition"
        ),
        "extended": phrases("extended by, extended until, extended for, prolonged by, prolonged until"),
        "disqualified": phrases(
            "disqualified, stripped of the title, stripped of his title, stripped of her title"
        ),
    },
    mentions={
        "rescued": phrases("survivors, survivor"),
        "dismissed": phrases("sacks"),
        "ended": phrases("halts, ends, lifts"),
        "approved": phrases("passes, backs"),
        "raised": phrases("hikes, raises"),
        "cut": phrases("cuts"),
        "banned": phrases("bans"),
        "rejected": phrases("blocks"),
        "arrested": phrases("arrests"),
        "resigned": phrases("resignation"),
        "dead": phrases("bodies, death, deaths, death toll"),
        "convicted": phrases("conviction, sentences"),
        "won": phrases("victory, winner"),
        "collapsed": phrases("collapses, bankruptcy, collapse"),
        "chosen": phrases("awards"),
        "agreed": phrases("deal"),
    },
    homographs=phrases("lifted its, lifts its"),  # a forecast, not a ban
    negations=words(
        "not no never nobody none without neither nor denies denied deny isn wasn weren didn hasn t"
    ),
    perhaps=words("could may might would will should if whether expected likely to"),
    months=words(
        "january february march april may june july august september october november"
        " december jan feb mar apr jun"
        " jul aug sep sept oct nov dec"
    ),
    days=words("monday tuesday wednesday thursday friday saturday sunday today yesterday tomorrow"),
    times=words(
        "second seconds minute minutes hour hours day days week weeks month months year"
        " years decade decades am pm a p"
        " gmt utc est cet oclock clock old yr yrs ago century centuries"
    ),
    at=words("aged age page chapter article section number no"),
    empty=words(
        "of the a an in on at to from for by with and or but as is are was were be been who"
        " which that it its than per"
        " after before since until other more others such so up down"
        # What sites count under their own articles.
        " reader readers comment comments reply replies view views like likes share shares"
        " upvote upvotes download downloads follower followers subscriber subscribers"
        " visitor visitors retweet retweets star stars"
    ),
    corrections=phrases(
        "correction, corrects, corrected, clarification, clarifies, retraction, retracted,"
        " withdrawn, editor's note,"
        " correcting, refiles, recasts to correct"
    ),
    corrected=phrases(
        "an earlier version of this, a previous version of this, earlier version of this,"
        " this story has been corrected,"
        " this article has been corrected, this report has been corrected, we have"
        " withdrawn, has been withdrawn,"
        " has been retracted, we retract, we apologise for the error, we apologize for the"
        " error, this corrects"
    ),
)
