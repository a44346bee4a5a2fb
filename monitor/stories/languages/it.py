"""Italian."""

from monitor.stories.vocabulary import Vocabulary, numbered, phrases, words

WORDS = Vocabulary(
    numbers=numbered(
        "due=2 tre=3 quattro=4 cinque=5 sei=6 sette=7 otto=8 nove=9 dieci=10 undici=11"
        " dodici=12 tredici=13 quattordici=14"
        " quindici=15 sedici=16 diciassette=17 diciotto=18 diciannove=19 venti=20 ventuno=21"
        " ventidue=22 ventitré=23"
        " ventiquattro=24 venticinque=25 ventisei=26 ventisette=27 ventotto=28 ventinove=29"
        " trenta=30 quaranta=40 cinquanta=50"
        " sessanta=60 settanta=70 ottanta=80 novanta=90 decina=10 dozzina=12 ventina=20"
        " trentina=30 quarantina=40 centinaio=100"
    ),
    multipliers=numbered(
        "cento=100 mille=1000 mila=1000 milione=1000000 milioni=1000000 miliardo=1000000000"
        " miliardi=1000000000"
    ),
    ones=words("un una uno"),
    joints=words("e"),
    casualties={
        "dead": words(
            "morto morti morta morte vittime vittima ucciso uccisi uccisa uccidendo deceduti"
            " decessi bilancio cadaveri corpi vita"
        ),
        "injured": words("ferito feriti ferita ferite feriti ricoverati"),
        "missing": words("disperso dispersi dispersa dispersa scomparsi scomparso"),
        "trapped": words("intrappolati intrappolate bloccati sepolti"),
        "arrested": words("arrestato arrestati fermati arresti"),
        "hostages": words("ostaggio ostaggi rapiti sequestrati"),
        "displaced": words("sfollati evacuati evacuate"),
        "rescued": words("salvati soccorsi superstiti sopravvissuti"),
    },
    people=words(
        "persone persona uomini donne bambini civili soldati militari passeggeri operai"
        " minatori poliziotti studenti abitanti"
        " migranti pescatori alpinisti turisti altri altre"
    ),
    outcomes={
        "dead": phrases(
            "morto, morti, morta, morte, muore, muoiono, ucciso, uccisi, uccisa, deceduto, deceduti"
        ),
        "convicted": phrases("condannato, condannata, condannati, colpevole, colpevoli"),
        "acquitted": phrases("assolto, assolta, assolti, assoluzione, prosciolto, prosciolti, archiviata"),
        "arrested": phrases("arrestato, arrestata, arrestati, fermato, fermati, catturato, in manette"),
        "charged": phrases("indagato, indagati, rinviato a giudizio, rinviati a giudizio, incriminato"),
        "released": phrases("liberato, liberati, liberata, scarcerato, rilasciato, rilasciati"),
        "resigned": phrases(
            "si dimette, si è dimesso, si è dimessa, dimesso, dimessa, ha rassegnato le"
            " dimissioni, rassegna le dimissioni, dimissioni presentate"
        ),
        "dismissed": phrases("licenziato, licenziati, destituito, rimosso, sfiduciato, esonerato"),
        "appointed": phrases("nominato, nominata, eletto, eletta, rieletto, designato"),
        "approved": phrases(
            "approvato, approvata, approva, approvano, ratificato, via libera, varato, varata"
        ),
        "rejected": phrases(
            "respinto, respinta, respinge, respingono, bocciato, bocciata, boccia, bocciano,"
            " annullato, annullata"
        ),
        "won": phrases("premiato, premiata, vince, vincono, vinto, vincitore, batte, trionfa"),
        "agreed": phrases(
            "firmato, firmata, firmano, accordo raggiunto, raggiunto un accordo, raggiungono un"
            " accordo, intesa raggiunta"
        ),
        "ended": phrases(
            "sospeso, sospesa, sospendono, revocato, revocata, rinviato, rinviata, cancellato, concluso"
        ),
        "rescued": phrases("salvato, salvati, trovato vivo, trovati vivi, in salvo, superstiti"),
        "found": phrases(
            "trovato morto, trovati morti, corpo ritrovato, corpi ritrovati, identificato, identificati"
        ),
        "caused": phrases("rivendica, rivendicato, confessa, ha confessato, ammette"),
        "banned": phrases("vietato, vietata, vieta, proibito"),
        "cut": phrases("taglia, abbassa i, riduce i"),
        "raised": phrases("alza i, aumenta i"),
        "chosen": phrases("scelto, scelta come, sceglie, assegnato, assegnata"),
        "collapsed": phrases("crollato, crollata, affondato, esploso, fallita"),
        "expelled": phrases("espulso, espulsa, estradato"),
        "reopened": phrases("riapre, riaperto, riaperta, riprende"),
        "recalled": phrases("ritirato dal mercato, ritirati dal mercato"),
        "left": phrases(
            "lascia il governo, lasciano il governo, esce dal governo, esce dalla coalizione,"
            " lascia la coalizione"
        ),
        "extended": phrases(
            "prorogato al, prorogata al, prorogato fino, prorogata fino, prorogata di, prorogato di"
        ),
        "disqualified": phrases("squalificato, squalificata, squalificati, squalificate"),
    },
    mentions={
        "resigned": phrases("dimissioni"),
        "won": phrases("vittoria"),
        "collapsed": phrases("fallimento"),
        "agreed": phrases("accordo"),
    },
    negations=words("non no senza né nessun nessuna nessuno mai nega"),
    perhaps=words("potrebbe potrebbero sarebbe sarebbero se può deve previsto"),
    months=words(
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"
    ),
    days=words("lunedì martedì mercoledì giovedì venerdì sabato domenica oggi ieri domani"),
    times=words(
        "secondo secondi minuto minuti ora ore giorno giorni settimana settimane mese mesi"
        " anno anni secolo secoli"
    ),
    at=words("età pagina capitolo articolo numero"),
    empty=words(
        "di del della dei delle dello il lo la i gli le l in nel nella su sul a al alla per"
        " da dal con e o ma come è sono era"
        " che chi più meno dopo prima altri si suo sua"
        # What sites count under their own articles.
        " lettori commento commenti risposta risposte visualizzazioni condivisioni"
        " iscritti visite download"
    ),
    corrections=phrases("correzione, rettifica, errata corrige, precisazione, smentita, corretto"),
    corrected=phrases(
        "una versione precedente di questo, in una versione precedente, in una prima"
        " versione, questo articolo è stato corretto,"
        " abbiamo ritirato, notizia ritirata"
    ),
)
