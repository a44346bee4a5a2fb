"""French."""

from monitor.stories.vocabulary import Vocabulary, numbered, phrases, words

WORDS = Vocabulary(
    numbers=numbered(
        "deux=2 trois=3 quatre=4 cinq=5 six=6 sept=7 huit=8 neuf=9 dix=10 onze=11 douze=12"
        " treize=13 quatorze=14"
        " quinze=15 seize=16 vingt=20 vingts=20 trente=30 quarante=40 cinquante=50"
        " soixante=60 septante=70 octante=80"
        " nonante=90 dizaine=10 douzaine=12 quinzaine=15 vingtaine=20 trentaine=30"
        " quarantaine=40 cinquantaine=50"
        " soixantaine=60 centaine=100"
    ),
    multipliers=numbered(
        "cent=100 cents=100 mille=1000 million=1000000 millions=1000000 milliard=1000000000"
        " milliards=1000000000"
    ),
    ones=words("un une"),
    joints=words("et"),
    casualties={
        "dead": words(
            "mort morts morte mortes mortel mortels mortelle mortelles deces decede decedes tue"
            " tues tuee tuees tuant bilan"
            " victimes victime corps cadavres vie peri"
        ),
        "injured": words("blesse blesses blessee blessees blessant hospitalises hospitalise"),
        "missing": words("disparu disparus disparue disparues introuvable introuvables"),
        "trapped": words("bloque bloques bloquees pieges coinces ensevelis"),
        "arrested": words("arrete arretes arretees interpelle interpelles arrestations gardes"),
        "hostages": words("otage otages enleves kidnappes prisonniers"),
        "displaced": words("deplaces evacues evacue evacuees sinistres abri"),
        "rescued": words("sauves secourus survivants rescapes"),
    },
    people=words(
        "personnes personne hommes homme femmes femme enfants enfant civils soldats"
        " militaires passagers ouvriers mineurs"
        " policiers pompiers eleves habitants migrants pecheurs alpinistes touristes marins autres voyageurs"
    ),
    outcomes={
        "dead": phrases(
            "mort, morts, morte, mortes, tue, tues, tuee, tuees, tuant, decede, decedee,"
            " decedes, mortel, mortels, est decede"
        ),
        "convicted": phrases(
            "condamne a, est condamne, ete condamne, condamnee, condamnes, condamnees,"
            " reconnu coupable, reconnue coupable,"
            " coupable, ecroue, incarcere"
        ),
        "acquitted": phrases(
            "acquitte, acquittee, acquittes, relaxe, relaxee, relaxes, innocente, blanchi, blanchie,"
            " non lieu, innocentee, innocentes, hors de cause,"
            " prononce la relaxe, prononce une relaxe, prononce sa relaxe, prononce leur relaxe,"
            " obtient la relaxe, obtenu la relaxe, obtient sa relaxe, obtenu sa relaxe"
        ),
        "arrested": phrases(
            "arrete, arretes, arretee, arretees, interpelle, interpelles, interpellee, en garde"
            " a vue, capture"
        ),
        "charged": phrases("mis en examen, mise en examen, inculpe, inculpee, inculpes, renvoye devant"),
        "released": phrases("libere, liberes, liberee, liberees, relache, relaches, remis en liberte"),
        "resigned": phrases(
            "demissionne, a demissionne, demissionnaire, a presente sa demission, presente sa"
            " demission, remis sa demission,"
            " remet sa demission, annonce sa demission, quitte ses fonctions, quitte son poste,"
            " quitte le pouvoir, quitte le gouvernement,"
            " jette l'eponge"
        ),
        "dismissed": phrases(
            "renverse, renversee, limoge, limogee, limoges, licencie, licencies, destitue,"
            " destituee, revoque, renvoye, evince"
        ),
        "appointed": phrases(
            "nomme, nommee, nommes, designe, designee, elu president, elue presidente, elu,"
            " elue, reelu, reelue, investi, investie"
        ),
        "approved": phrases(
            "adopte, adoptee, adoptes, adoptent, ont adopte, approuve, approuvee, approuvent,"
            " ratifie, valide, validee, feu vert, promulgue"
        ),
        "rejected": phrases(
            "rejete, rejetee, rejetes, rejette, rejettent, retoque, censuree, invalide, desavoue"
        ),
        "won": phrases("couronne, couronnee, remporte, remportent, gagne, l'emporte, bat, sacre, sacree"),
        "agreed": phrases(
            "ont signe, a signe, signent, signe un, accord trouve, accord conclu, ont conclu, a"
            " conclu, trouvent un accord, concluent"
        ),
        "ended": phrases(
            "leve, levee de, suspend, suspendent, suspendu, suspendue, ont suspendu, annule,"
            " annulee, annules, reporte, reportee, mis fin, prend fin, cesse,"
            " ete levee, ete levees, alerte levee, renonce a, renoncent a, abandonne, abandonnes, abandonnee,"
            " abandonnees, rompt ses relations, rompu ses relations"
        ),
        "rescued": phrases(
            "sauve, sauves, retrouve vivant, retrouves vivants, retrouvee vivante, sain et sauf,"
            " sains et saufs, secourus"
        ),
        "found": phrases(
            "corps retrouve, corps retrouves, retrouve mort, retrouves morts, identifie,"
            " identifies, epave retrouvee"
        ),
        "caused": phrases("revendique, revendiquee, a avoue, avoue, est passe aux aveux"),
        "banned": phrases("interdit, interdite, interdits, prohibe"),
        "cut": phrases("abaisse, baisse son, baisse ses, reduit son, reduit ses"),
        "raised": phrases("releve son, releve ses, augmente son, augmente ses, rehausse"),
        "chosen": phrases(
            "a choisi, ont choisi, choisie pour, choisi pour, retenu, retenue, attribue, attribuee"
        ),
        "closing": phrases("fermeront, fermera, ferment definitivement, rouvert, rouvre, rouvrent"),
        "collapsed": phrases(
            "effondre, effondree, coule, a sombre, ont sombre, sombre au, sombre en, sombre dans, explose"
        ),
        "expelled": phrases("expulse, expulsee, expulses, extrade, extradee"),
        "reopened": phrases("rouvre, rouvrent, rouvert, rouverte, reprend, a repris"),
        "recalled": phrases("retire de la vente, retires de la vente"),
        "left": phrases(
            "quitte la coalition, quittent la coalition, quitté la coalition, quittent le gouvernement,"
            " quitté le gouvernement, claque la porte du gouvernement, claqué la porte du gouvernement"
        ),
        "extended": phrases(
            "prolongé de, prolongée de, prolongé jusqu, prolongée jusqu, reconduit pour, reconduite pour"
        ),
        "disqualified": phrases("disqualifié, disqualifiée, disqualifiés, disqualifiées, sur tapis vert"),
        "maintained": phrases(
            "maintenu la grève, maintient la grève, maintiennent la grève, grève maintenue,"
            " grève est maintenue"
        ),
    },
    mentions={
        "rescued": phrases("rescapes, survivants"),
        "resigned": phrases("demission"),
        "convicted": phrases("condamnation"),
        "won": phrases("victoire, laureat, laureate, vainqueur"),
        "dead": phrases("deces"),
        "collapsed": phrases("faillite, liquidation"),
        "agreed": phrases("accord"),
    },
    # Nouns that folding makes equal to a participle.
    homographs=phrases(
        "la relaxe, une relaxe, sa relaxe, leur relaxe, l'elu, un elu, cet elu, l'elue, une elue, cette elue,"
        " un arrete, cet arrete, par arrete, arrete municipal, arrete prefectoral, arrete ministeriel,"
        " les arretes, des arretes, les licencies, des licencies, les interdits"
    ),
    negations=words("pas non ni aucun aucune jamais sans nie n personne guere"),
    perhaps=words(
        "pourrait pourraient serait seraient va vont doit devrait si peut risque risquent attendu prevu"
        " plaide plaident plaider plaidera plaideront requis requiert requierent requerir reclame reclament"
        " reclamer demande demandent demander demandait exige exigent exiger veut veulent"
    ),
    months=words(
        "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre"
        " decembre janv fev juil sept oct nov dec"
    ),
    days=words("lundi mardi mercredi jeudi vendredi samedi dimanche hier demain aujourd"),
    times=words(
        "seconde secondes minute minutes heure heures h jour jours journee semaine semaines"
        " mois an ans annee annees siecle"
        " siecles nuit nuits decennie decennies"
    ),
    at=words("age agee ages agees page chapitre article numero"),
    empty=words(
        "de du des d la le les l en dans sur a au aux pour par avec et ou mais comme est"
        " sont etait etaient ete qui que qu"
        " plus apres avant depuis autres ce ces cette dont se s sa son ses leur leurs"
        " dernier derniers premier premiers"
        # What sites count under their own articles.
        " lecteur lecteurs commentaire commentaires reponse reponses vue vues partage"
        " partages abonne abonnes visiteur visiteurs telechargements"
    ),
    corrections=phrases(
        "rectificatif, correctif, correction, erratum, precision, mise au point,"
        " retractation, annule et remplace, dementi,"
        " rectification, corrige"
    ),
    corrected=phrases(
        "une premiere version de cet article, une version precedente, une precedente"
        " version, dans une premiere version,"
        " cet article a ete corrige, cette depeche a ete corrigee, cette depeche est"
        " annulee, cette depeche annule,"
        " nous avons retire, contrairement a ce que nous avons ecrit, contrairement a ce que nous ecrivions"
    ),
)
