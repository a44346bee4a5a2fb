"""German."""

from monitor.stories.vocabulary import Vocabulary, numbered, phrases, words

_UNITS = "ein=1 zwei=2 drei=3 vier=4 fünf=5 sechs=6 sieben=7 acht=8 neun=9"
_TENS = "zwanzig=20 dreißig=30 vierzig=40 fünfzig=50 sechzig=60 siebzig=70 achtzig=80 neunzig=90"
_COMPOUNDS = {
    f"{unit}und{ten}": value + tens
    for unit, value in numbered(_UNITS).items()
    for ten, tens in numbered(_TENS).items()
}

WORDS = Vocabulary(
    numbers=numbered(_UNITS.removeprefix("ein=1 "))
    | numbered(
        "zehn=10 elf=11 zwölf=12 dreizehn=13 vierzehn=14 fünfzehn=15 sechzehn=16 siebzehn=17"
        " achtzehn=18 neunzehn=19"
    )
    | numbered(_TENS)
    | numbered("dutzend=12")
    | _COMPOUNDS,
    multipliers=numbered(
        "hundert=100 tausend=1000 million=1000000 millionen=1000000 mio=1000000 milliarde=1000000000"
        " milliarden=1000000000 mrd=1000000000"
    ),
    ones=words("ein eine einen einer einem"),
    joints=words("und"),
    casualties={
        "dead": words(
            "tot tote toten toter todesopfer tod opfer getötet getötete getöteten starb starben"
            " gestorben stirbt sterben"
            " umgekommen ums leichen opferzahl leben"
        ),
        "injured": words(
            "verletzt verletzte verletzten verletzter schwerverletzte leichtverletzte verwundet verwundete"
        ),
        "missing": words("vermisst vermisste vermissten vermisster verschollen verschwunden"),
        "trapped": words("eingeschlossen eingeschlossene verschüttet verschüttete eingeklemmt"),
        "arrested": words("festgenommen festgenommene festnahmen verhaftet"),
        "hostages": words("geisel geiseln entführt entführte"),
        "displaced": words("evakuiert evakuierte vertriebene obdachlos flüchtlinge"),
        "rescued": words("gerettet gerettete geborgen überlebende"),
    },
    people=words(
        "menschen personen leute männer frauen kinder zivilisten soldaten passagiere"
        " arbeiter bergleute polizisten"
        " feuerwehrleute schüler bewohner einwohner migranten fischer bergsteiger touristen weitere"
    ),
    outcomes={
        "dead": phrases(
            "tot, tote, toten, getötet, gestorben, starb, starben, stirbt, todesopfer, umgekommen, ums leben"
        ),
        "convicted": phrases("verurteilt, schuldig gesprochen, schuldig, schuldspruch, haftstrafe verhängt"),
        "acquitted": phrases("freigesprochen, freispruch, eingestellt"),
        "arrested": phrases("festgenommen, verhaftet, gefasst, in untersuchungshaft"),
        "charged": phrases("angeklagt, anklage erhoben"),
        "released": phrases("freigelassen, befreit, auf freiem fuß"),
        "resigned": phrases(
            "zurückgetreten, tritt zurück, trat zurück, rücktritt erklärt, legt amt nieder,"
            " rücktritt eingereicht"
        ),
        "dismissed": phrases("entlassen, entlässt, gefeuert, abgesetzt, abgewählt, gestürzt"),
        "appointed": phrases("ernannt, gewählt, wiedergewählt, berufen, vereidigt"),
        "approved": phrases(
            "verabschiedet, beschlossen, beschließt, gebilligt, billigt, genehmigt, stimmt zu,"
            " zugestimmt, ratifiziert, angenommen"
        ),
        "rejected": phrases(
            "abgelehnt, lehnt ab, lehnte ab, verworfen, gekippt, kippt, gestoppt, zurückgewiesen"
        ),
        "won": phrases("gekürt, ausgezeichnet, gewinnt, gewann, gewonnen, sieger, siegerin, siegt"),
        "agreed": phrases(
            "geeinigt, einigen sich, einigung erzielt, unterzeichnet, unterzeichnen, unterschrieben"
        ),
        "ended": phrases("beendet, aufgehoben, abgebrochen, ausgesetzt, abgesagt, verschoben"),
        "rescued": phrases("gerettet, lebend gefunden, lebend geborgen, überlebende"),
        "found": phrases("leiche gefunden, leichen gefunden, tot gefunden, identifiziert, wrack gefunden"),
        "caused": phrases("bekennt sich, bekannte sich, gestanden, gesteht, geständnis"),
        "banned": phrases("verboten, verbietet, untersagt"),
        "cut": phrases("senkt, gesenkt"),
        "raised": phrases("erhöht, hebt an, angehoben"),
        "chosen": phrases("entschieden, ausgewählt, zuschlag"),
        "collapsed": phrases("eingestürzt, gesunken, gekentert, explodiert, insolvent"),
        "expelled": phrases("abgeschoben, ausgewiesen, ausgeliefert"),
        "reopened": phrases("wiedereröffnet, wieder geöffnet, wieder aufgenommen"),
        "recalled": phrases("zurückgerufen, ruft zurück"),
        "left": phrases(
            "verlässt die regierung, verlassen die regierung, verlässt die koalition, verlassen die koalition"
        ),
        "extended": phrases("verlängert bis, verlängert um, bis auf weiteres verlängert"),
        "disqualified": phrases("disqualifiziert, titel aberkannt"),
    },
    mentions={
        "resigned": phrases("rücktritt"),
        "won": phrases("sieg, wahlsieg"),
        "collapsed": phrases("insolvenz"),
        "agreed": phrases("einigung"),
    },
    negations=words("nicht kein keine keinen keiner niemand ohne nie weder"),
    perhaps=words("könnte könnten würde soll sollen wird werden falls ob möglicherweise voraussichtlich"),
    months=words("januar jänner februar märz april mai juni juli august september oktober november dezember"),
    days=words("montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag heute gestern morgen"),
    times=words(
        "sekunde sekunden minute minuten stunde stunden uhr tag tage tagen woche wochen"
        " monat monate monaten jahr jahre"
        " jahren jahrzehnt jahrzehnte jährige jähriger jährigen jahrhundert"
    ),
    at=words("seite kapitel artikel nummer alter"),
    empty=words(
        "der die das den dem des ein eine in im an am auf zu zum zur von vom für mit und"
        " oder aber als wie ist sind war"
        " waren wurde wurden nach vor seit bis bei mehr weniger rund etwa"
        # What sites count under their own articles.
        " leser kommentar kommentare antwort antworten aufruf aufrufe abonnenten besucher"
        " likes downloads"
    ),
    corrections=phrases(
        "korrektur, berichtigung, richtigstellung, widerruf, korrigiert, klarstellung,"
        " zurückgezogen, berichtigt"
    ),
    corrected=phrases(
        "in einer früheren version, in einer ersten version, in einer früheren fassung, in"
        " einer ersten fassung,"
        " diese meldung wurde korrigiert, dieser artikel wurde korrigiert, wir haben die"
        " meldung zurückgezogen,"
        " meldung zurückgezogen, anders als zunächst berichtet, anders als ursprünglich berichtet"
    ),
)
