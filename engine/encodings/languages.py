"""What texts in each language look like: usual legacy codecs, how often letters beyond ASCII occur, and frequent words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Language:
    """One language, as far as it helps to tell encodings apart."""

    name: str
    usual_codecs: str
    """Python names, the most usual one first; of a codec and its subset only the larger one."""
    letters: str
    """Letters beyond ASCII with their frequency among all such, in thousandths; for Chinese, Japanese and Korean the most frequent
    characters in descending order."""
    words: str = ""
    """Frequent words, those in plain ASCII first."""

    @cached_property
    def codecs(self) -> tuple[str, ...]:
        """The usual codecs."""
        return tuple(self.usual_codecs.split())

    @cached_property
    def frequencies(self) -> dict[str, float]:
        """Return the share of each letter among the characters beyond ASCII."""
        if " " in self.letters:
            counts = {entry[0]: int(entry[1:]) for entry in self.letters.split(" ")}
            return {letter: count / sum(counts.values()) for letter, count in counts.items()}
        ranks = {letter: 1 / (10 + rank) for rank, letter in enumerate(self.letters)}  # Zipf's law; they cover about 60 %
        return {letter: 0.6 * share / sum(ranks.values()) for letter, share in ranks.items()}

    @cached_property
    def plain_words(self) -> frozenset[str]:
        """Return the frequent words that say the language whatever the encoding is."""
        return frozenset(word for word in self.words.split() if word.isascii())

    @cached_property
    def accented_words(self) -> frozenset[str]:
        """Return the frequent words with letters beyond ASCII."""
        return frozenset(word for word in self.words.split() if not word.isascii())


LANGUAGES = (
    Language(
        "English",
        "cp1252 iso8859_15 mac_roman cp850 cp437 cp858",
        "é318 á63 í44 ü43 ó37 ñ34 ö32 è31 ç26 à23 ã16 â15 ä12 ú10 ô9 å9 ê8 ë8 ø7 ï7 î3 æ3",
        "the to and of in is for that you it on with this was be as are have at he not by but from my or we an "
        "café cafés fiancée cliché naïve façade résumé château crème déjà attaché protégé rosé exposé señor jalapeño entrée décor",
    ),
    Language(
        "German",
        "cp1252 iso8859_15 mac_roman cp850 cp437 cp858",
        "ü420 ä300 ö180 ß95 é3",
        "die der und in das ich ist nicht zu den von mit es ein auf im sie eine sich auch dem des als er an dass so bei für "
        "über für große größe straße heißt weiß außerdem schließen grüße können würde wäre müssen "
        "hätte könnte dafür während natürlich zurück schön später möchte gehört lässt darüber "
        "möglich würden überhaupt männer nächsten fünf gegenüber hätten glück zunächst dürfen früher mädchen österreich führt "
        "völlig",
    ),
    Language(
        "French",
        "cp1252 iso8859_15 mac_roman cp850 cp437 cp863 cp858",
        "é602 à147 è99 ê55 ç39 ô15 â9 î9 ù9 û7 œ4 ï2 ë1",
        "de la le et les est en des un que pas une du il pour dans je qui au ce sur qu par on ne plus avec mais ça être même "
        "était été après très où là déjà français première année années état également tête étaient société côté général "
        "équipe mère près père dès passé problème président début système façon dernière idée étais êtes",
    ),
    Language(
        "Spanish",
        "cp1252 iso8859_15 mac_roman cp850 cp437 cp858",
        "ó281 í241 á197 é134 ñ84 ú57 ü2",
        "de la que el en los no un se por es del las con una para lo su al como me si pero te mi le este sus más está también "
        "qué así años día después están año había cómo sólo país él aquí sí días además según será ahí españa aún tenía "
        "política sé información mañana número señor través tú podría algún mí",
    ),
    Language(
        "Portuguese",
        "cp1252 iso8859_15 mac_roman cp850 cp860 cp858",
        "ã251 é170 ç153 á124 í76 ê63 ó60 ú29 õ29 à23 â10 ô8",
        "de que do em da para um uma com no se na por os eu como as mais dos mas foi ao me ser seu sua tem das não você são já "
        "também está só até estão há tão então às nós será lá alguém três mãe além história após ninguém vocês aí país família "
        "têm através vídeo música vão água número dá região",
    ),
    Language(
        "Italian",
        "cp1252 iso8859_15 mac_roman cp850 cp437 cp858",
        "è384 à254 ù128 ò90 é69 ì67 á2 í2 ó1 ú1",
        "di che il la in non un per del una le si con della da sono ma al ha come dei se nel mi alla anche lo gli più perché "
        "così può già città sarà ciò però perchè sì società realtà attività cioè lì possibilità né qualità libertà metà verità "
        "età università comunità proprietà là difficoltà capacità sé avrà poiché responsabilità dà necessità autorità",
    ),
    Language(
        "Dutch",
        "cp1252 iso8859_15 mac_roman cp850 cp437 cp858",
        "é387 ë374 ï78 è39 ó33 ü18 ö14 á12 ç7 í7 à6 ê4 ã2 â2 ñ2 ú2 ä2 ô1 ø1",
        "de van het een en in is op ik dat voor je te met niet zijn die als er maar om aan hij ook ze door naar uit één "
        "officiële eén ideeën én vóór creëren patiënten privé carrière hé oké geïnteresseerd patiënt café commerciële "
        "geïnspireerd comité cliënt financiën gecreëerd industriële beïnvloed dé beëindigen wél scène cliënten potentiële "
        "première categorieën écht beïnvloeden beëindigd enquête überhaupt",
    ),
    Language(
        "Catalan",
        "cp1252 iso8859_15 mac_roman cp850 cp858",
        "é233 ó195 à144 í112 è111 ò89 ç45 ú42 ï13 ü10 á3 ñ2",
        "de la que el en per del un les els una no amb va al es ha com dels hi ser aquest si tot fer seu aquesta molt és més "
        "però també són això què perquè després està només té així gràcies món bé aquí país història sí serà català família "
        "informació política començar març ningú públic algú força través educació procés sinó plaça",
    ),
    Language(
        "Danish",
        "cp1252 iso8859_15 mac_roman cp850 cp865 cp858",
        "å452 æ278 ø262 é7",
        "og er af det at en til jeg har for ikke med den der de du kan som et var vi om han fra men skal ved vil på så også "
        "være når år få får må gør været går første gøre måske sådan før gå både børn fået står først næste måde død altså "
        "hjælp mænd større længere én hjælpe næsten væk ønsker",
    ),
    Language(
        "Norwegian",
        "cp1252 iso8859_15 mac_roman cp850 cp865 cp858",
        "å646 ø274 æ75 é3",
        "og er det som til en av for ikke med har jeg at de du om den vi fra var kan et men han seg dette noe skal på så også "
        "nå være når må få gjør vært får år gjøre før går første gå bør både fått vår står ønsker først måtte sånn større "
        "kjøpe våre prøver altså årene svært dårlig håper død",
    ),
    Language(
        "Swedish",
        "cp1252 iso8859_15 mac_roman cp850 cp437 cp865 cp858",
        "ä429 å333 ö235 é2",
        "det att och jag en inte som med har av om du till den de ett kan vi men man var ska nu vad mig bara eller han är på "
        "för så när från här då där får gör få än år göra över också måste går även någon något två varför många gå väl säger "
        "rätt själv behöver några åt första bättre säga",
    ),
    Language(
        "Finnish",
        "cp1252 iso8859_15 mac_roman cp850 cp437 cp858",
        "ä912 ö87",
        "ja on ei se oli mutta ole kun niin jos ovat voi nyt sen kuin tai en joka olla vain jo kanssa sitten kaikki olisi "
        "ollut ne suomen että myös hän sitä mitä tämä vielä kyllä siitä hyvä sekä jälkeen pitää mitään tässä hänen eivät mikä "
        "näin tämän eikä sillä ehkä tehdä vähän siinä lisäksi enää enemmän tästä pitäisi tätä siellä niitä lisää tällä",
    ),
    Language(
        "Icelandic",
        "cp1252 iso8859_15 mac_iceland cp850 cp861",
        "ð280 í163 á155 þ107 ó61 æ60 ö56 ú53 é50 ý15",
        "og er sem til en af hann um ekki var fyrir eru eftir svo hefur vera hafa upp ef eins fram voru yfir allt einnig vel "
        "gera hans að við með ég frá það þar því eða hún þá verið þegar þess úr út nú sé þú sér hér þeir þetta hjá mér þeirra "
        "þeim þó þau hvað mjög væri árið fá ár síðan",
    ),
    Language(
        "Polish",
        "cp1250 iso8859_2 cp852 mac_latin2",
        "ł213 ę189 ż143 ą129 ó112 ś105 ć75 ń23 ź10",
        "nie na to do jest jak ale co tak za od po dla tym czy przez tego ma tylko mi mnie ze bo ja ten oraz bardzo jego się "
        "że są już może będzie być jeśli też był które było który coś więc żeby można więcej także była również ktoś niż która "
        "właśnie osób mają dzięki którzy życie jesteś został będą były sposób dzień",
    ),
    Language(
        "Czech",
        "cp1250 iso8859_2 cp852 mac_latin2",
        "í215 á166 ě127 ž88 ř81 é75 č68 š63 ý61 ů34 ú9 ň4 ď3 ť3 ó2",
        "se na je to si do jsem ale tak pro ve za co jako jak po by od jsou mi jen nebo byl bude jsme ty jeho bylo že už když "
        "mě já má které který až není než ještě být také při mám která před protože první něco tím další teď nás vám vás proč "
        "své může měl více či mít takže nám",
    ),
    Language(
        "Slovak",
        "cp1250 iso8859_2 cp852 mac_latin2",
        "á183 ž103 č100 ý97 í97 š86 é75 ú73 ť68 ľ42 ô23 ď18 ň14 ó11 ä9 ĺ1",
        "sa na je to ako aj si do som ale po za tak od bol by pre ak alebo nie sme ich len vo aby pri jeho bola že čo už sú "
        "keď ktorý ktoré má ktorá až veľmi byť vám ešte podľa však môže nás vás tiež tým či počas všetko nám ľudí niečo deň "
        "možno pretože všetky mať práve vďaka vždy každý",
    ),
    Language(
        "Hungarian",
        "cp1250 iso8859_2 cp852 mac_latin2",
        "é320 á284 ö96 ó81 ő75 ü49 í49 ú30 ű16",
        "az nem hogy egy is de meg csak ha van volt ez vagy kell el ki azt most akkor mint ezt minden mert magyar nagyon olyan "
        "itt mi és már még én jó így úgy két után új első több jól miért azért között által hát más egész ezért át rá elég "
        "aztán előtt év tényleg nélkül saját szép három inkább együtt túl újra",
    ),
    Language(
        "Slovenian",
        "cp1250 iso8859_2 cp852 mac_latin2",
        "č464 š329 ž206",
        "je in na se da so za ki pa tudi lahko ne kot po iz bi bo od tako to pri ali bil do ni med vse jih še če že več čas "
        "času časa mogoče življenje občine čeprav št število nič pomoč države različnih vaše način čez težko včasih začetku "
        "življenja naše preveč večina občina prvič človek močno področju približno naš težave vprašanje",
    ),
    Language(
        "Croatian and Serbian",
        "cp1250 iso8859_2 cp852 mac_latin2 mac_croatian",
        "š328 č252 ž193 ć160 đ65",
        "je da se na od za su ne sa iz to kao godine koji kako bi ali nije po do sve bio ili sam koja samo te biti što još će "
        "više može šta između nešto kaže već opštine neće možete život među međutim države ništa možda često naš naše država "
        "zašto znači ćemo takođe života baš pomoći čak teško četiri možemo žena način",
    ),
    Language(
        "Romanian",
        "cp1250 iso8859_2 cp852 mac_latin2 iso8859_16 mac_romanian",
        "ă422 ș90 ş90 î173 ț74 ţ74 â78",
        "de la din pe cu nu mai un este care pentru se au ce fost ca al am sunt fi si va lui dar sau sa ne ar în și şi să că dacă "
        "după când până într vă așa aşa către două cât mă fără între această îi decât îl făcut atât puțin puţin încă câteva viața "
        "viaţa există înainte său început își îşi toți toţi însă ți ţi ați aţi",
    ),
    Language(
        "Albanian",
        "cp1252 iso8859_15 cp1250 iso8859_2 mac_roman cp850 cp852",
        "ë940 ç60",
        "dhe me se nga si ka por kur do ai ajo ju jam kjo duke deri pas para mund nuk pa kam juve ishte janë që të në për një është më "
        "së çdo nëse këtë edhe tjetër gjatë çfarë mirë asnjë vetëm shumë pasi përmes atë këto kështu",
    ),
    Language(
        "Turkish",
        "cp1254 iso8859_9 cp857 mac_turkish",
        "ı404 ü173 ş145 ç114 ğ88 ö74 â2",
        "ve bir bu de da ile ne daha en gibi olarak her kadar olan ben var ama sonra ki iyi yok ya sen yeni sadece zaman ilk "
        "iki için çok değil büyük güzel hiç nasıl şey böyle gün tüm önce artık göre mı aynı tarafından türk doğru olduğunu "
        "olduğu şu diğer önemli yıl içinde şimdi çünkü başka işte karşı arasında öyle şekilde bütün iş",
    ),
    Language(
        "Lithuanian",
        "cp1257 iso8859_13 cp775 iso8859_4",
        "ė210 ų176 š163 ž121 ą102 į85 ū71 č48 ę24",
        "ir kad su yra tai kaip ar buvo savo tik bet nuo ne apie taip lietuvos kai labai per dar gali jau po iki jis bei jei "
        "jo iš dėl už būti mūsų metų tačiau jų čia nėra jūsų prieš aš ką būtų jį todėl kartą vieną žmonės jūs šį ją lietuvių "
        "valstybės visą dieną kultūros kurių šis kitų šios tą žemės žmonių vėliau",
    ),
    Language(
        "Latvian",
        "cp1257 iso8859_13 cp775 iso8859_4",
        "ā385 ī181 ē164 š93 ū56 ņ43 ļ34 ž17 ķ11 ģ9 č7",
        "un ir ar par ka no uz kas vai bet es nav to tas man ja lai bija ko tikai tad kad var jau pie tu latvijas jo kā arī tā "
        "pēc līdz vēl būs ļoti viņš šo mēs tās viņa mūsu laikā būtu jūs vairāk būt kāds viņu latvijā taču varētu rīgas kurš šī "
        "kopā tieši kādu kāpēc viņi tāpēc gadā jā šis",
    ),
    Language(
        "Estonian",
        "cp1257 iso8859_13 iso8859_15 cp1252 cp775 iso8859_4",
        "ä330 õ230 ü250 ö150 š25 ž10",
        "on ja ei et see ma ta kui oli aga mis nii ka kas siis ning mul mind tema selle kuid oma kes seda meie või üks mõned "
        "kõik tööd pärast väga välja üle küll võib tänan võimalik näiteks ära jälle enne pole hästi juhul täna kõige nädal "
        "päev palju töötab sõnum üldse järgmine käib öelda võtta mõne lähen nägu mööda",
    ),
    Language(
        "Vietnamese",
        "cp1258",
        "đ95 à88 ư57 á48 ô33 ế31 ạ29 ó29 ộ29 ê27 ả25 ệ25 ố23 ấ21 ớ21 ờ20 ủ19 ể19 â19 ì18 ợ18 ề16 ậ16 ị15 ầ15 ơ15 í13 ọ13 ự13 "
        "ở12 ú12 ã11 ứ11 ă11 ữ9 ắ9 ụ8 ồ8 ừ8 ổ7 ò7 ặ6 ù6 ử6 ỉ5 ũ5 ẽ5 ý4 ỏ4 ằ4 ĩ3 é3 ễ3 ẩ3 ẫ3 ỗ2 ẹ2 ỹ2 ẻ2 ỳ1",
        "trong cho khi ra sau nam gia theo anh con sinh trung tin quan ta do hay cao qua em hai xe khu tay bao nay chi kinh là "
        "và có của được một các không người này với đã thể để như những đến làm sẽ từ công họ tại về vào đó cũng thành lại đầu "
        "chỉ năm sự tôi bị học",
    ),
    Language(
        "Russian",
        "cp1251 koi8_r iso8859_5 cp866 mac_cyrillic cp855",
        "о109 е84 а80 и74 н66 т64 с55 р49 в46 л41 к35 м31 д31 п28 у25 я20 ы19 г17 ь17 б17 з16 ч14 й13 ж9 х9 ш7 ю6 ц5 э4 щ3 ф3 ё3",
        "на не что по как из это за для но то его он от все так же мы до ты только был если когда было мне меня уже еще бы или "
        "их они при будет время",
    ),
    Language(
        "Ukrainian",
        "cp1251 koi8_u iso8859_5 cp1125 mac_cyrillic",
        "о95 а85 н71 і58 и58 в54 т53 е50 р50 с40 к39 у36 д34 л32 м30 п28 з23 я22 ь17 б17 г15 й12 ч12 ц10 х10 ж9 ї9 ю8 ш7 щ6 є6 ф3",
        "на не що та до це за як про для від так україни але він його все то ви по ми ще які під вже коли якщо або року було "
        "вони із мене щоб мені тут",
    ),
    Language(
        "Belarusian",
        "cp1251 iso8859_5 koi8_u cp1125",
        "а150 н60 і70 е50 о40 р50 с48 л42 к40 т38 д34 в34 м31 п28 у40 ў20 з26 я38 ы36 ь18 б18 г18 й12 ц20 ч14 х12 ж9 ю8 ш8 э8 ё6 ф2",
        "не на што як да за ад гэта так але яго быў для мы вы ці па які калі ўсё мне каб вельмі дзякуй мой",
    ),
    Language(
        "Bulgarian",
        "cp1251 iso8859_5 koi8_r mac_cyrillic cp855 cp866",
        "а129 о90 е90 и89 т73 н71 с54 в47 р47 д36 к36 л30 м29 п27 з22 я18 ъ17 г16 б15 ч13 у13 щ8 ж7 й6 ц6 х5 ш4 ф3 ю1",
        "на да от за се не си че по ще са това като ми но до го много най има му ако към може съм ти ли само няма след през аз "
        "които при ви или",
    ),
    Language(
        "Macedonian",
        "cp1251 iso8859_5 mac_cyrillic cp855",
        "а139 о108 е96 и88 н69 т67 с47 р44 д44 в42 к38 м29 л27 п26 у21 г18 ј18 з18 б15 ш11 ч8 ц7 ж6 ќ5 ф3 њ3 ѓ1 х1",
        "на во да се од за со не го ќе што дека ги како ја тоа кој кои си по ми до ти многу но или само има кога беше сите тој "
        "ако така може која",
    ),
    Language(
        "Serbian",
        "cp1251 iso8859_5 mac_cyrillic cp855",
        "а121 о97 и95 е93 н57 с50 р48 у45 т45 д41 ј39 к36 в35 м33 л28 п28 з18 г18 б17 ш10 ц8 ч7 х6 њ6 ж6 љ5 ћ5 ф2 ђ2 џ1 â1 æ1",
        "је да се на од за су не са из то као што године који како би али није још по до све био или сам ће која само те бити "
        "више које када ако тако било сад смо ми",
    ),
    Language(
        "Greek",
        "cp1253 iso8859_7 cp737 cp869 mac_greek",
        "α103 τ83 ο81 ι69 ε69 ν63 σ43 ρ39 π38 κ37 μ36 η36 ς34 υ33 λ28 ί24 ά23 ό21 έ19 γ18 δ16 ω14 ή13 χ12 θ11 ύ9 φ8 ώ7 β6 ξ4 "
        "ζ3 ψ1 ϊ1 ϋ1 ὶ1 ὸ1 ὰ1",
        "και το να του με την της για που τα από σε δεν θα τον είναι στο 00 στην οι των μου τη τους μας 0000 τις ότι μια ένα "
        "στη ήταν τι σας σου στα αν στον έχει αλλά",
    ),
    Language(
        "Hebrew",
        "cp1255 iso8859_8 cp862",
        "י112 ו106 ה88 ל74 א61 ת56 ר54 ב51 מ51 ש49 נ33 ע31 ם31 ד27 כ25 ח24 ק21 פ19 ס15 ג14 ן13 צ12 ז12 ט11 ך6 ף2 ץ1",
        "את של לא על זה הוא אני כל עם מה גם לי אם היה יש אבל היא או כי יותר רק אין אחד אל בין הם ישראל לו שלי אתה כמו כך לך עד הזה שלא",
    ),
    Language(
        "Arabic",
        "cp1256 iso8859_6 cp720",
        "ا143 ل115 ي78 م67 ن57 و50 ر44 ت42 ع35 ب35 د30 ة29 ه27 ف26 ك24 س24 أ22 ق21 ح19 ج14 ى10 ش10 ص10 ط9 خ9 ذ8 إ8 ض6 ث6 ز6 غ4 "
        "ئ4 ء4 ظ2 آ1 ؤ1",
        "في من على أن لا إلى ما عن هذا مع التي كل هذه أو هو كان الذي ذلك بعد الله لم بين ان كانت يا حتى قبل قد هي إن كما أي "
        "أيضا حيث أنه اليوم",
    ),
    Language(
        "Persian",
        "cp1256",
        "ا140 ی85 ر83 ن71 د68 ه68 و63 م62 ب49 ت49 س31 ک30 ش27 ل26 ز22 ف14 خ14 گ13 ع12 ق12 ج10 ح9 پ7 آ6 چ5 ط5 ص5 ي85 ض2 غ2 ظ2 ذ1 ث1 ئ1 ك30",
        "به در از که این با را است رو من تو برای بود هم تا یک ها ایران شده ما آن شد می یا بر شما همه سال کرد خود هر یه چه های نه کار",
    ),
    Language(
        "Urdu",
        "cp1256",
        "ا124 ی106 ک70 ر65 و61 ہ54 ے53 ن49 م49 ت38 ل37 س36 ب28 ں26 د26 پ17 ج16 ھ16 گ12 ع12 ئ10 ف10 ق9 ش9 ح9 ز8 خ7 ٹ7 چ6 ص6 آ5 "
        "ط4 ڈ3 ڑ3 ض2 ظ2 غ2 ذ1 ث1",
        "کے میں کی ہے اور سے کا کو اس پر ہیں نے بھی ایک کر یہ نہیں کہ تو کیا وہ ہو ان تھا جو ہی جس نہ پاکستان گیا آپ لیے اللہ تھے بعد کوئی",
    ),
    Language(
        "Thai",
        "cp874 tis_620",
        "า110 น75 ร72 อ62 ก60 เ58 ง48 ม45 ั44 ่43 ย40 ้38 ท36 ว35 ี34 ล32 ด30 ต27 ส27 ะ26 ิ25 แ24 ห24 ค23 ์20 ข19 ไ19 ป18 จ17 "
        "บ17 ็14 พ14 ใ13 ื13 ช13 ู12 ุ12 โ10 ถ8 ำ10 ผ7 ซ5 ณ5 ึ7 ธ5 ศ5 ญ3 ภ4 ษ4 ฐ2 ฟ3 ๆ2 ฉ3 ๊1 ๋1 ฝ1",
    ),
    Language(
        "Japanese",
        "cp932 euc_jp",
        ""
        "のいてなにたしでるとはがかっをすーもらうんれまだこンりくあよさけきそスイトやおどえル人わちッ日ラリめつクアねじせみゃ大ろタ本ド出レ見一ロシばカ分時マジフプ事中言思年行コメ間気生バ自ム方上テチ会子今キ前者グ的入サ月ずょ手ご国ブャオニデパ作合来何女全最無ィ場動用目後発ナウ学話ビエほ定当ュダ理高感性部べミ地回新画使下実私物体知げへ通力セ家同名対",
        "",
    ),
    Language(
        "Chinese",
        "gb18030",
        ""
        "的是一在不人有了我国这为中个大会们他来和年上以要到时对么能你就发可地生家出也说于学后成与过行用日多自现都没作下得开经还法动好方而公子事分之民主里政看吗本月所天新业同全定部最其进如前机美那当工关实小被但因长样理等什道去些面很心间区内电然力起体只着从并者高加想文问种员重及点将意合产三外由市无女已制网第情场名应西代正表真此位题相明资计建利系化期",
        "",
    ),
    Language(
        "Traditional Chinese",
        "cp950 big5hkscs",
        ""
        "的一是不在人有了我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日請問單貨款帳號訂收送電話服務無法網站",
        "",
    ),
    Language(
        "Korean",
        "cp949 johab",
        ""
        "이다는에하고가을지의로서은아한어도기사니있를나해리시그요인들자일게대라으스수만보제면정주전부여거과장했상안마구었데오야내원우신적것성국되세위와무할동생소트드모미진문중말화공까러비습간없분조저입개터유계치월같경회선년때연실바음관용더명학네영교당작좋방려않합래발건된단재며각운금람행남물알차등통번르던두타후프겠체크랑식히너산역버임호포예결반잘님",
        "",
    ),
)
