"""Spanish."""

from monitor.stories.vocabulary import Vocabulary, numbered, phrases, words

WORDS = Vocabulary(
    numbers=numbered(
        "dos=2 tres=3 cuatro=4 cinco=5 seis=6 siete=7 ocho=8 nueve=9 diez=10 once=11 doce=12"
        " trece=13 catorce=14 quince=15"
        " dieciséis=16 diecisiete=17 dieciocho=18 diecinueve=19 veinte=20 veintiuno=21"
        " veintiún=21 veintidós=22 veintitrés=23"
        " veinticuatro=24 veinticinco=25 veintiséis=26 veintisiete=27 veintiocho=28"
        " veintinueve=29 treinta=30 cuarenta=40"
        " cincuenta=50 sesenta=60 setenta=70 ochenta=80 noventa=90 docena=12 decena=10"
        " treintena=30 centenar=100"
        " doscientos=200 trescientos=300 cuatrocientos=400 quinientos=500"
    ),
    multipliers=numbered("cien=100 ciento=100 mil=1000 millón=1000000 millones=1000000"),
    ones=words("un una uno"),
    joints=words("y"),
    casualties={
        "dead": words(
            "muerto muertos muerta muertas muerte muertes fallecido fallecidos fallecidas"
            " fallecieron murió murieron mueren"
            " víctimas víctima mortales mortal asesinados mató matan cadáveres cuerpos vida vidas balance"
        ),
        "injured": words("herido heridos herida heridas lesionados hospitalizados"),
        "missing": words("desaparecido desaparecidos desaparecida desaparecidas"),
        "trapped": words("atrapado atrapados atrapadas sepultados"),
        "arrested": words("detenido detenidos detenidas arrestados detenciones"),
        "hostages": words("rehén rehenes secuestrados secuestradas"),
        "displaced": words("evacuados evacuadas desplazados damnificados"),
        "rescued": words("rescatados rescatadas supervivientes sobrevivientes"),
    },
    people=words(
        "personas persona hombres mujeres niños civiles soldados militares pasajeros"
        " trabajadores mineros policías bomberos"
        " estudiantes habitantes vecinos migrantes pescadores turistas otros otras"
    ),
    outcomes={
        "dead": phrases(
            "muere, mueren, murió, murieron, muerto, muertos, muerta, muertas, fallece,"
            " falleció, fallecieron, fallecidos, asesinado"
        ),
        "convicted": phrases(
            "condenado, condenada, condenados, condena a, culpable, declarado culpable,"
            " sentenciado, sentenciada"
        ),
        "acquitted": phrases("absuelto, absuelta, absueltos, absuelve, absolución"),
        "arrested": phrases(
            "detenido, detenida, detenidos, detienen, arrestado, arrestados, capturado, capturados"
        ),
        "charged": phrases("imputado, imputada, procesado, procesada, acusado formalmente"),
        "released": phrases("liberado, liberada, liberados, liberan, puesto en libertad, en libertad"),
        "resigned": phrases(
            "dimite, dimitió, ha dimitido, renuncia a, renunció, presenta su dimisión, presentó"
            " su dimisión, presenta su renuncia, presentó su renuncia"
        ),
        "dismissed": phrases("destituido, destituida, cesado, cesada, despedido, despedidos, destituye"),
        "appointed": phrases(
            "nombrado, nombrada, nombra, elegido, elegida, reelegido, designado, designada, investido"
        ),
        "approved": phrases(
            "aprobado, aprobada, aprueba, aprueban, aprobó, ratifica, ratificó, luz verde, da luz verde"
        ),
        "rejected": phrases("rechazado, rechazada, rechaza, rechazan, rechazó, tumba, vetó, veta, anula"),
        "won": phrases(
            "galardonado, galardonada, premiado, premiada, gana, ganan, ganó, ganador, vence, venció"
        ),
        "agreed": phrases(
            "firman, firmaron, firmó, firma un, acuerdan, acordaron, alcanzan un acuerdo,"
            " acuerdo alcanzado, pactan"
        ),
        "ended": phrases(
            "suspende, suspendido, suspendida, suspenden, cancelado, cancelada, aplazado,"
            " levantan, levanta, pone fin"
        ),
        "rescued": phrases(
            "rescatado, rescatados, rescatan, hallado con vida, hallados con vida, encontrados vivos, a salvo"
        ),
        "found": phrases("hallado muerto, hallados muertos, cadáver hallado, identificado, identificados"),
        "caused": phrases("reivindica, reivindicó, confesó, confiesa, admite, admitió"),
        "banned": phrases("prohíbe, prohibido, prohibida, prohibió"),
        "cut": phrases("recorta, baja los, rebaja"),
        "raised": phrases("sube los, eleva los, aumenta los"),
        "chosen": phrases("elige, eligió, adjudica, adjudicado, seleccionado"),
        "collapsed": phrases("derrumbado, derrumba, hundido, hunde, explota, explotó, quiebra"),
        "expelled": phrases("expulsado, expulsada, deportado, extraditado"),
        "reopened": phrases("reabre, reabierto, reanuda, reanudan"),
        "recalled": phrases("retirado del mercado, retirados del mercado"),
        "left": phrases(
            "abandona el gobierno, abandonan el gobierno, abandona la coalición, deja la coalición"
        ),
        "extended": phrases(
            "prorrogado hasta, prorrogada hasta, prorrogado por, prorrogada por, prorroga la, prorroga el"
        ),
        "disqualified": phrases("descalificado, descalificada, descalificados, descalificadas"),
    },
    mentions={
        "resigned": phrases("dimisión, renuncia"),
        "won": phrases("victoria, triunfo"),
        "agreed": phrases("acuerdo"),
    },
    negations=words("no sin ni ningún ninguna ninguno nunca nadie niega negó"),
    perhaps=words("podría podrían sería serían va van si puede debe prevé previsto"),
    months=words(
        "enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre diciembre"
    ),
    days=words("lunes martes miércoles jueves viernes sábado domingo hoy ayer mañana"),
    times=words(
        "segundo segundos minuto minutos hora horas h día días semana semanas mes meses año"
        " años siglo siglos década décadas"
    ),
    at=words("edad página capítulo artículo número"),
    empty=words(
        "de del la el los las l en sobre a al para por con y o pero como es son era fue"
        " fueron que quien más menos tras antes"
        " desde otros se su sus este esta"
        # What sites count under their own articles.
        " lector lectores comentario comentarios respuesta respuestas vistas compartidos"
        " seguidores visitas descargas"
    ),
    corrections=phrases(
        "corrección, rectificación, fe de errores, fe de erratas, aclaración, corrige,"
        " retractación, desmentido"
    ),
    corrected=phrases(
        "una versión anterior de este, una versión anterior de esta, en una versión"
        " anterior, en una primera versión,"
        " esta noticia ha sido corregida, este artículo ha sido corregido, hemos retirado, queda anulada"
    ),
)
