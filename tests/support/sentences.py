"""Sentences in nine languages that Tocsin has word lists for, and texts in languages it has none for."""
# ruff: noqa: E501, RUF001 - a sentence stays on its line, in whatever script

from __future__ import annotations

# Twelve sentences a language, written for this test.
OURS = {
    "en": """
        The ministers will meet again on Thursday, a spokesman told reporters who had been waiting since the morning.
        Nobody was hurt when the bridge closed, but drivers had to wait for more than three hours.
        She said that the court would not decide before the end of the month.
        Prices have risen again this year, and many families can no longer pay for their heating.
        The two sides agreed to exchange prisoners under a deal that was signed in the capital.
        It is the first time since the war that a train has crossed the border.
        Rescue teams are still looking for the crew of a ship that sank off the northern coast.
        The company did not say how many workers would lose their jobs.
        What happened next is not clear, because the cameras had been switched off.
        He has been in prison for six years without a trial, his lawyer said.
        Most of the money went to schools that do not exist.
        They were asked to leave the building after a call about a bomb.
    """,
    "fr": """
        Les ministres se retrouveront jeudi, a déclaré une porte-parole à la presse qui attendait depuis le matin.
        Personne n'a été blessé lors de la fermeture du pont, mais les automobilistes ont attendu plus de trois heures.
        Elle a indiqué que le tribunal ne se prononcerait pas avant la fin du mois.
        Les prix ont encore augmenté cette année et beaucoup de familles ne peuvent plus payer leur chauffage.
        Les deux parties se sont mises d'accord sur un échange de prisonniers signé dans la capitale.
        C'est la première fois depuis la guerre qu'un train traverse la frontière.
        Les secours cherchent toujours l'équipage d'un navire qui a coulé au large des côtes du nord.
        L'entreprise n'a pas précisé combien de salariés perdraient leur emploi.
        On ne sait pas ce qui s'est passé ensuite, car les caméras avaient été éteintes.
        Il est en prison depuis six ans sans avoir été jugé, selon son avocat.
        La plus grande partie de l'argent est allée à des écoles qui n'existent pas.
        Ils ont dû quitter l'immeuble après un appel au sujet d'une bombe.
    """,
    "de": """
        Die Minister treffen sich am Donnerstag wieder, sagte eine Sprecherin den Reportern, die seit dem Morgen warteten.
        Niemand wurde verletzt, als die Brücke gesperrt wurde, aber die Fahrer mussten mehr als drei Stunden warten.
        Sie sagte, dass das Gericht nicht vor dem Ende des Monats entscheiden werde.
        Die Preise sind in diesem Jahr wieder gestiegen, und viele Familien können ihre Heizung nicht mehr bezahlen.
        Die beiden Seiten haben sich auf einen Austausch von Gefangenen geeinigt, der in der Hauptstadt unterzeichnet wurde.
        Es ist das erste Mal seit dem Krieg, dass ein Zug über die Grenze fährt.
        Die Helfer suchen noch immer nach der Besatzung eines Schiffes, das vor der Küste gesunken ist.
        Das Unternehmen wollte nicht sagen, wie viele Mitarbeiter ihre Stelle verlieren.
        Was danach geschah, ist nicht klar, weil die Kameras ausgeschaltet waren.
        Er sitzt seit sechs Jahren ohne ein Verfahren im Gefängnis, sagte sein Anwalt.
        Das meiste Geld ging an Schulen, die es gar nicht gibt.
        Nach einem Anruf wegen einer Bombe mussten sie das Haus verlassen.
    """,
    "es": """
        Los ministros volverán a reunirse el jueves, dijo una portavoz a los periodistas que esperaban desde la mañana.
        Nadie resultó herido cuando se cerró el puente, pero los conductores tuvieron que esperar más de tres horas.
        Ella dijo que el tribunal no decidirá antes de que termine el mes.
        Los precios han vuelto a subir este año y muchas familias ya no pueden pagar la calefacción.
        Las dos partes acordaron un intercambio de prisioneros que fue firmado en la capital.
        Es la primera vez desde la guerra que un tren cruza la frontera.
        Los equipos de rescate todavía buscan a la tripulación de un barco que se hundió frente a la costa.
        La empresa no dijo cuántos trabajadores perderán su empleo.
        No está claro qué ocurrió después, porque las cámaras estaban apagadas.
        Lleva seis años en la cárcel sin juicio, según su abogado.
        La mayor parte del dinero fue a escuelas que no existen.
        Tuvieron que salir del edificio después de una llamada sobre una bomba.
    """,
    "it": """
        I ministri si incontreranno di nuovo giovedì, ha detto una portavoce ai giornalisti che aspettavano dalla mattina.
        Nessuno è rimasto ferito quando il ponte è stato chiuso, ma gli automobilisti hanno aspettato più di tre ore.
        Ha detto che il tribunale non deciderà prima della fine del mese.
        I prezzi sono aumentati ancora quest'anno e molte famiglie non possono più pagare il riscaldamento.
        Le due parti si sono accordate su uno scambio di prigionieri firmato nella capitale.
        È la prima volta dalla guerra che un treno attraversa il confine.
        I soccorritori cercano ancora l'equipaggio di una nave che è affondata al largo della costa.
        L'azienda non ha detto quanti lavoratori perderanno il posto.
        Non è chiaro che cosa sia successo dopo, perché le telecamere erano spente.
        È in carcere da sei anni senza processo, ha detto il suo avvocato.
        La maggior parte del denaro è andata a scuole che non esistono.
        Hanno dovuto lasciare il palazzo dopo una telefonata su una bomba.
    """,
    "pt": """
        Os ministros voltarão a reunir-se na quinta-feira, disse uma porta-voz aos jornalistas que esperavam desde a manhã.
        Ninguém ficou ferido quando a ponte foi fechada, mas os motoristas tiveram de esperar mais de três horas.
        Ela disse que o tribunal não decidirá antes do fim do mês.
        Os preços voltaram a subir este ano e muitas famílias já não podem pagar o aquecimento das suas casas.
        As duas partes chegaram a um acordo sobre a troca de prisioneiros, que foi assinado na capital.
        É a primeira vez desde a guerra que um comboio atravessa a fronteira.
        As equipes de resgate ainda procuram a tripulação de um navio que afundou ao largo da costa.
        A empresa não disse quantos trabalhadores vão perder o emprego.
        Não está claro o que aconteceu depois, porque as câmeras estavam desligadas.
        Ele está na prisão há seis anos sem julgamento, segundo o seu advogado.
        A maior parte do dinheiro foi para escolas que não existem.
        Eles tiveram de sair do prédio depois de uma chamada sobre uma bomba.
    """,
    "nl": """
        De ministers komen donderdag weer bij elkaar, zei een woordvoerder tegen de pers die sinds de ochtend wachtte.
        Niemand raakte gewond toen de brug werd gesloten, maar de bestuurders moesten meer dan drie uur wachten.
        Ze zei dat de rechtbank niet voor het einde van de maand beslist.
        De prijzen zijn dit jaar weer gestegen en veel gezinnen kunnen hun verwarming niet meer betalen.
        De twee partijen zijn het eens over een ruil van gevangenen, die in de hoofdstad werd getekend.
        Het is de eerste keer sinds de oorlog dat er een trein over de grens rijdt.
        De reddingsploegen zoeken nog altijd naar de bemanning van een schip dat voor de kust is gezonken.
        Het bedrijf wilde niet zeggen hoeveel mensen hun baan verliezen.
        Wat er daarna gebeurde is niet duidelijk, omdat de camera's waren uitgezet.
        Hij zit al zes jaar zonder proces in de gevangenis, zegt zijn advocaat.
        Het meeste geld ging naar scholen die niet bestaan.
        Na een telefoontje over een bom moesten ze het gebouw uit.
    """,
    "ru": """
        Министры снова встретятся в четверг, сказала представитель журналистам, которые ждали с самого утра.
        Никто не пострадал, когда мост был закрыт, но водители должны были ждать более трёх часов.
        Она сказала, что суд не примет решение до конца этого месяца.
        Цены в этом году опять выросли, и многие семьи уже не могут платить за отопление.
        Две стороны договорились об обмене пленными, и это соглашение было подписано в столице.
        Это первый раз после войны, когда поезд пересёк границу.
        Спасатели всё ещё ищут экипаж судна, которое затонуло у северного берега.
        В компании не сказали, сколько человек потеряют работу.
        Что было потом, не ясно, потому что камеры были выключены.
        Он уже шесть лет находится в тюрьме без суда, заявил его адвокат.
        Большая часть денег ушла в школы, которых нет.
        Они должны были покинуть здание после звонка о бомбе.
    """,
    "ar": """
        يجتمع الوزراء مرة أخرى يوم الخميس، كما قالت المتحدثة للصحفيين الذين كانوا ينتظرون منذ الصباح.
        لم يصب أحد عندما أغلق الجسر، لكن السائقين انتظروا أكثر من ثلاث ساعات.
        وقالت إن المحكمة لن تتخذ قرارا قبل نهاية هذا الشهر.
        ارتفعت الأسعار هذا العام من جديد ولم تعد كثير من العائلات قادرة على دفع ثمن التدفئة.
        اتفق الطرفان على تبادل الأسرى في اتفاق تم توقيعه في العاصمة.
        هذه هي المرة الأولى منذ الحرب التي يعبر فيها قطار الحدود.
        لا تزال فرق الإنقاذ تبحث عن طاقم السفينة التي غرقت قبالة الساحل الشمالي.
        ولم تذكر الشركة كم عدد العمال الذين سيفقدون وظائفهم.
        ليس من الواضح ما حدث بعد ذلك لأن الكاميرات كانت مغلقة.
        وهو في السجن منذ ست سنوات دون محاكمة كما قال محاميه.
        ذهب معظم المال إلى مدارس غير موجودة.
        وكان عليهم أن يتركوا المبنى بعد مكالمة عن قنبلة.
    """,
}

# Languages that we have no rules for. Each text is long enough to be guessed if it were one of ours.
OTHERS = {
    "pl": "Ministrowie spotkają się ponownie w czwartek, powiedziała rzeczniczka. Nikt nie został ranny, gdy most był "
    "zamknięty, ale kierowcy musieli czekać ponad trzy godziny. Ceny w tym roku znowu wzrosły i wiele rodzin nie może "
    "już zapłacić za ogrzewanie. To pierwszy raz od wojny, kiedy pociąg przejechał przez granicę.",
    "pl without accents": "Ministrowie spotkaja sie ponownie w czwartek, powiedziala rzeczniczka. Nikt nie zostal ranny, "
    "gdy most byl zamkniety, ale kierowcy musieli czekac ponad trzy godziny. Ceny w tym roku znowu wzrosly i wiele "
    "rodzin nie moze juz zaplacic za ogrzewanie. To pierwszy raz od wojny, kiedy pociag przejechal przez granice.",
    "sv": "Ministrarna möts igen på torsdag, sade en talesperson till journalisterna som hade väntat sedan morgonen. "
    "Ingen skadades när bron stängdes, men förarna fick vänta i mer än tre timmar. Priserna har stigit igen i år och "
    "många familjer kan inte längre betala för värmen. Det är första gången sedan kriget som ett tåg passerar gränsen.",
    "da": "Ministrene mødes igen på torsdag, sagde en talsmand til de journalister, der havde ventet siden om morgenen. "
    "Ingen kom til skade, da broen blev lukket, men bilisterne måtte vente i mere end tre timer. Priserne er steget "
    "igen i år, og mange familier kan ikke længere betale for varmen. Det er første gang siden krigen.",
    "ro": "Miniștrii se vor întâlni din nou joi, a spus o purtătoare de cuvânt. Nimeni nu a fost rănit când podul a fost "
    "închis, dar șoferii au trebuit să aștepte mai mult de trei ore. Prețurile au crescut din nou anul acesta și multe "
    "familii nu mai pot plăti încălzirea. Este prima dată de la război când un tren trece granița.",
    "ro without accents": "Ministrii se vor intalni din nou joi, a spus o purtatoare de cuvant. Nimeni nu a fost ranit "
    "cand podul a fost inchis, dar soferii au trebuit sa astepte mai mult de trei ore. Preturile au crescut din nou "
    "anul acesta si multe familii nu mai pot plati incalzirea. Este prima data de la razboi cand un tren trece granita.",
    "tr": "Bakanlar perşembe günü yeniden bir araya gelecek, dedi sözcü. Köprü kapatıldığında kimse yaralanmadı ama "
    "sürücüler üç saatten fazla beklemek zorunda kaldı. Fiyatlar bu yıl yine yükseldi ve birçok aile artık ısınma için "
    "para ödeyemiyor. Savaştan bu yana ilk kez bir tren sınırı geçti.",
    "ca": "Els ministres es tornaran a reunir dijous, va dir una portaveu als periodistes que esperaven des del matí. "
    "Ningú no va resultar ferit quan es va tancar el pont, però els conductors van haver d'esperar més de tres hores. "
    "Els preus han tornat a pujar aquest any i moltes famílies ja no poden pagar la calefacció.",
    "gl": "Os ministros volverán reunirse o xoves, dixo unha portavoz aos xornalistas que agardaban desde a mañá. Ninguén "
    "resultou ferido cando se pechou a ponte, pero os condutores tiveron que agardar máis de tres horas. Os prezos "
    "volveron subir este ano e moitas familias xa non poden pagar a calefacción. É a primeira vez desde a guerra.",
    "sw": "Mawaziri watakutana tena siku ya Alhamisi, alisema msemaji kwa waandishi wa habari waliokuwa wakisubiri tangu "
    "asubuhi. Hakuna mtu aliyejeruhiwa daraja lilipofungwa, lakini madereva walilazimika kusubiri kwa zaidi ya saa tatu. "
    "Bei zimepanda tena mwaka huu na familia nyingi haziwezi tena kulipa. Ni mara ya kwanza tangu vita.",
    "cs": "Ministři se znovu sejdou ve čtvrtek, řekla mluvčí novinářům, kteří čekali od rána. Nikdo nebyl zraněn, když byl "
    "most uzavřen, ale řidiči museli čekat více než tři hodiny. Ceny letos opět vzrostly a mnoho rodin už nemůže platit "
    "za topení. Je to poprvé od války, kdy vlak přejel hranici.",
    "hu": "A miniszterek csütörtökön ismét találkoznak, mondta egy szóvivő az újságíróknak, akik reggel óta vártak. Senki "
    "sem sérült meg, amikor a hidat lezárták, de a sofőröknek több mint három órát kellett várniuk. Az árak idén újra "
    "emelkedtek, és sok család már nem tud fizetni a fűtésért.",
    "id": "Para menteri akan bertemu lagi pada hari Kamis, kata seorang juru bicara kepada wartawan yang telah menunggu "
    "sejak pagi. Tidak ada yang terluka ketika jembatan itu ditutup, tetapi para pengemudi harus menunggu lebih dari "
    "tiga jam. Harga naik lagi tahun ini dan banyak keluarga tidak dapat membayar pemanas.",
    "af": "Die ministers sal Donderdag weer vergader, het 'n woordvoerder gesê aan die joernaliste wat sedert die oggend "
    "gewag het. Niemand is beseer toe die brug gesluit is nie, maar die bestuurders moes meer as drie uur wag. Die pryse "
    "het vanjaar weer gestyg en baie gesinne kan nie meer vir hulle verwarming betaal nie.",
    "uk": "Міністри знову зустрінуться у четвер, сказала речниця журналістам, які чекали з самого ранку. Ніхто не "
    "постраждав, коли міст було закрито, але водії мали чекати понад три години. Ціни цього року знову зросли, і багато "
    "родин уже не можуть платити за опалення.",
    "bg": "Министрите ще се срещнат отново в четвъртък, каза говорителката пред журналистите, които чакаха от сутринта. "
    "Никой не е пострадал, когато мостът беше затворен, но шофьорите трябваше да чакат повече от три часа. Цените се "
    "повишиха отново тази година и много семейства вече не могат да плащат за отопление.",
    "sr": "Министри ће се поново састати у четвртак, рекла је портпаролка новинарима који су чекали од јутра. Нико није "
    "повређен када је мост био затворен, али су возачи морали да чекају више од три сата. Цене су ове године поново "
    "порасле и многе породице више не могу да плате грејање.",
    "fa": "سخنگوی دولت گفت که وزیران روز پنجشنبه دوباره دیدار می‌کنند. هنگامی که پل بسته شد به کسی آسیبی نرسید اما "
    "رانندگان مجبور شدند بیش از سه ساعت منتظر بمانند. قیمت‌ها امسال باز هم افزایش یافت و بسیاری از خانواده‌ها دیگر "
    "نمی‌توانند هزینه گرمایش را بپردازند. این نخستین بار پس از جنگ است که یک قطار از مرز می‌گذرد.",
    "fa on an Arabic keyboard": "سخنكوي دولت كفت كه وزيران روز پنجشنبه دوباره ديدار مي كنند. هنكامي كه پل بسته شد به كسي "
    "آسيبي نرسيد اما رانندكان مجبور شدند بيش از سه ساعت منتظر بمانند. قيمت ها امسال باز هم افزايش يافت و بسياري از "
    "خانواده ها ديكر نمي توانند هزينه كرمايش را بپردازند. اين نخستين بار پس از جنك است كه يك قطار از مرز مي كذرد.",
    "ur": "ترجمان نے کہا کہ وزراء جمعرات کو دوبارہ ملیں گے۔ پل بند ہونے پر کوئی زخمی نہیں ہوا لیکن ڈرائیوروں کو تین گھنٹے سے "
    "زیادہ انتظار کرنا پڑا۔ اس سال قیمتیں پھر بڑھ گئی ہیں اور بہت سے خاندان اب حرارت کی قیمت ادا نہیں کر سکتے۔",
    "el": "Οι υπουργοί θα συναντηθούν ξανά την Πέμπτη, είπε η εκπρόσωπος στους δημοσιογράφους που περίμεναν από το πρωί.",
    "ja": "報道官は、閣僚らが木曜日に再び会合を開くと述べた。橋が閉鎖されたとき負傷者はいなかった。",
    "hi": "प्रवक्ता ने कहा कि मंत्री गुरुवार को फिर मिलेंगे। पुल बंद होने पर कोई घायल नहीं हुआ।",
}
