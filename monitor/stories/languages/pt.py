"""Portuguese, of Portugal and of Brazil."""

from monitor.stories.vocabulary import Vocabulary, numbered, phrases, words

WORDS = Vocabulary(
    numbers=numbered(
        "dois=2 duas=2 três=3 quatro=4 cinco=5 seis=6 sete=7 oito=8 nove=9 dez=10 onze=11"
        " doze=12 treze=13 catorze=14"
        " quatorze=14 quinze=15 dezesseis=16 dezasseis=16 dezessete=17 dezassete=17"
        " dezoito=18 dezenove=19 dezanove=19 vinte=20"
        " trinta=30 quarenta=40 cinquenta=50 sessenta=60 setenta=70 oitenta=80 noventa=90"
        " dezena=10 dúzia=12 duzentos=200"
        " trezentos=300 quinhentos=500 centena=100"
    ),
    multipliers=numbered(
        "cem=100 cento=100 mil=1000 milhão=1000000 milhões=1000000 bilhão=1000000000 bilhões=1000000000"
    ),
    ones=words("um uma"),
    joints=words("e"),
    casualties={
        "dead": words(
            "morto mortos morta mortas morte mortes morreu morreram vítimas vítima falecidos"
            " óbitos fatais corpos vida vidas"
            " balanço assassinados"
        ),
        "injured": words("ferido feridos ferida feridas hospitalizados internados"),
        "missing": words("desaparecido desaparecidos desaparecida desaparecidas"),
        "trapped": words("presos soterrados encurralados ilhados"),
        "arrested": words("detido detidos detidas presas prisões"),
        "hostages": words("refém reféns sequestrados raptados"),
        "displaced": words("desalojados desabrigados evacuados deslocados retirados"),
        "rescued": words("resgatados salvos sobreviventes"),
    },
    people=words(
        "pessoas pessoa homens mulheres crianças civis soldados militares passageiros"
        " trabalhadores mineiros polícias policiais"
        " bombeiros estudantes moradores habitantes migrantes pescadores turistas outros outras"
    ),
    outcomes={
        "dead": phrases(
            "morre, morrem, morreu, morreram, morto, mortos, morta, mortas, faleceu, falecem, óbitos"
        ),
        "convicted": phrases("condenado, condenada, condenados, culpado, culpada, culpados"),
        "acquitted": phrases("absolvido, absolvida, absolvidos, absolve, inocentado, arquivado"),
        "arrested": phrases("detido, detida, detidos, preso, presa, presos, capturado"),
        "charged": phrases("acusado formalmente, indiciado, indiciada, denunciado, réu"),
        "released": phrases(
            "libertado, libertados, libertada, solto, soltos, liberado, liberados, em liberdade"
        ),
        "resigned": phrases(
            "demite se, demitiu se, renuncia, renunciou, apresentou a demissão, apresenta a"
            " demissão, pediu demissão, pede demissão"
        ),
        "dismissed": phrases(
            "demitido, demitida, exonerado, exonerada, destituído, afastado do cargo, cassado"
        ),
        "appointed": phrases("nomeado, nomeada, eleito, eleita, reeleito, empossado, indicado para"),
        "approved": phrases(
            "aprovado, aprovada, aprova, aprovam, aprovou, ratifica, luz verde, sancionado, sancionada"
        ),
        "rejected": phrases(
            "rejeitado, rejeitada, rejeita, rejeitam, rejeitou, chumbado, chumbada, vetado,"
            " vetada, veta, anulado"
        ),
        "won": phrases(
            "premiado, premiada, distinguido, vence, vencem, venceu, vencedor, vencedora, ganha, ganhou"
        ),
        "agreed": phrases(
            "assinam, assinaram, assinou, chegam a acordo, chegaram a acordo, acordo fechado, fecham acordo"
        ),
        "ended": phrases(
            "suspende, suspenso, suspensa, suspendem, cancelado, cancelada, adiado, adiada,"
            " levantado, encerrado, encerrada"
        ),
        "rescued": phrases(
            "resgatado, resgatados, encontrado com vida, encontrados com vida, encontrados vivos, a salvo"
        ),
        "found": phrases(
            "encontrado morto, encontrados mortos, corpo encontrado, corpos encontrados,"
            " identificado, identificados"
        ),
        "caused": phrases("reivindica, reivindicou, confessou, confessa, admite, admitiu"),
        "banned": phrases("proíbe, proibido, proibida, proibiu"),
        "cut": phrases("corta os, baixa os, reduz os"),
        "raised": phrases("sobe os, eleva os, aumenta os"),
        "chosen": phrases("escolhido, escolhida, escolhe, escolheu, adjudicado"),
        "collapsed": phrases("desabou, desaba, afundou, naufragou, explodiu"),
        "expelled": phrases("expulso, expulsa, deportado, extraditado"),
        "reopened": phrases("reabre, reaberto, reaberta, retoma"),
        "recalled": phrases("retirado do mercado, retirados do mercado"),
        "left": phrases(
            "deixa o governo, deixam o governo, deixa a coligação, abandona a coligação, deixa a coalizão"
        ),
        "extended": phrases(
            "prorrogado até, prorrogada até, prorrogado por, prorrogada por, prolongado até, prolongada até"
        ),
        "disqualified": phrases("desclassificado, desclassificada, desclassificados, desclassificadas"),
    },
    mentions={
        "resigned": phrases("demissão, renúncia"),
        "won": phrases("vitória"),
        "collapsed": phrases("falência"),
        "agreed": phrases("acordo"),
    },
    negations=words("não sem nem nenhum nenhuma nunca ninguém nega negou"),
    perhaps=words("pode podem poderia seria seriam vai vão se deve previsto"),
    months=words("janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro"),
    days=words("segunda terça quarta quinta sexta sábado domingo hoje ontem amanhã"),
    times=words(
        "segundo segundos minuto minutos hora horas h dia dias semana semanas mês meses ano"
        " anos século séculos década"
    ),
    at=words("idade página capítulo artigo número"),
    empty=words(
        "de do da dos das o a os as em no na nos nas sobre ao à para por pelo pela com e ou"
        " mas como é são era foi foram que"
        " quem mais menos após antes outros se seu sua"
        # What sites count under their own articles.
        " leitores comentário comentários resposta respostas visualizações partilhas"
        " seguidores visitas downloads"
    ),
    corrections=phrases(
        "correção, correcção, retificação, rectificação, errata, esclarecimento, corrige, desmentido"
    ),
    corrected=phrases(
        "uma versão anterior deste, uma versão anterior desta, em uma versão anterior, numa"
        " versão anterior, numa primeira versão,"
        " este artigo foi corrigido, esta notícia foi corrigida, retirámos a notícia, notícia retirada"
    ),
)
