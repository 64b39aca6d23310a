"""Forty short texts as a help desk gets them, two in each of twenty languages, and the legacy codecs that each language was written in."""

from __future__ import annotations

CODECS = {
    "German": "cp1252 iso8859_15 mac_roman cp850 cp437",
    "French": "cp1252 iso8859_15 mac_roman cp850 cp437",
    "Spanish": "cp1252 iso8859_15 mac_roman cp850 cp437",
    "Portuguese": "cp1252 iso8859_15 mac_roman cp850 cp860",
    "Danish": "cp1252 iso8859_15 mac_roman cp850 cp865",
    "Swedish": "cp1252 iso8859_15 mac_roman cp850 cp437",
    "Polish": "cp1250 iso8859_2 cp852 mac_latin2",
    "Czech": "cp1250 iso8859_2 cp852 mac_latin2",
    "Hungarian": "cp1250 iso8859_2 cp852 mac_latin2",
    "Romanian": "cp1250 iso8859_2 cp852",
    "Turkish": "cp1254 iso8859_9 cp857 mac_turkish",
    "Lithuanian": "cp1257 iso8859_13 cp775 iso8859_4",
    "Russian": "cp1251 koi8_r iso8859_5 cp866 mac_cyrillic",
    "Ukrainian": "cp1251 koi8_u iso8859_5 cp1125 mac_cyrillic",
    "Greek": "cp1253 iso8859_7 cp737 mac_greek",
    "Hebrew": "cp1255 iso8859_8 cp862",
    "Arabic": "cp1256 iso8859_6 cp720",
    "Japanese": "shift_jis euc_jp iso2022_jp",
    "Chinese": "gb18030 gb2312",
    "Korean": "euc_kr johab",
}
WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
"""Encodings of every language, here without a mark."""

TEXTS: dict[str, tuple[str, str]] = {
    "German": (
        """Guten Tag, ich warte seit zwölf Tagen auf mein Päckchen.
Die Sendungsverfolgung zeigt nur, dass es in Köln geprüft wird.
Könnten Sie bitte nachsehen, ob es verloren gegangen ist?
Falls ja, hätte ich gern das Geld zurück und keine neue Lieferung.
Außerdem stimmt die Hausnummer auf der Rechnung nicht.
Mit freundlichen Grüßen aus der Bäckerstraße""",
        """Nach der letzten Änderung lässt sich die App nicht mehr öffnen.
Ich habe sie gelöscht und neu geladen, das hat nichts geändert.
Das Gerät ist ein älteres Modell, lief aber früher einwandfrei.
Übrigens erscheint kurz die Meldung, der Schlüssel sei ungültig.
Für eine Lösung wäre ich Ihnen sehr dankbar.""",
    ),
    "French": (
        """Bonjour, j'ai été débitée deux fois pour la même commande.
Le premier prélèvement date du trois février, le second du lendemain.
Pourriez-vous me rembourser dès que possible, s'il vous plaît ?
J'ai déjà écrit à votre service, mais je n'ai reçu aucune réponse.
Ça commence à être gênant, car le compte est presque à zéro.
Merci d'avance pour votre aide.""",
        """Le colis est arrivé abîmé et il manque une pièce à l'intérieur.
La boîte était ouverte et le reçu n'y était pas.
Où dois-je m'adresser pour un échange ?
Le modèle que j'ai commandé était le bleu foncé, pas le grisâtre.
Je préférerais être livré à mon bureau, près de l'hôtel de ville.""",
    ),
    "Spanish": (
        """Buenos días, todavía no he recibido el pedido que hice el sábado.
La página dice que está en reparto, pero aquí no llegó nadie.
¿Podrían decirme cuándo vendrá el camión?
Mi número de teléfono cambió, así que les envío el nuevo.
También quisiera añadir una pequeña corrección en la dirección.
Gracias por su atención, señores.""",
        """No puedo iniciar sesión porque olvidé la contraseña.
El mensaje de recuperación nunca llega, ni siquiera al correo no deseado.
Además, la aplicación se cierra después de unos segundos.
¿Será un problema de mi móvil o del último cambio que hicieron ustedes?
Mañana tengo que presentar un informe, así que es bastante urgente.""",
    ),
    "Portuguese": (
        """Olá, a encomenda ainda não chegou e já passaram três semanas.
O código de rastreio não funciona na vossa página.
Gostaria de saber se é possível alterar a morada até amanhã.
Também não recebi o recibo da última compra.
A situação é urgente, pois são peças para a reparação do avião.
Obrigado pela atenção e pela compreensão.""",
        """Não consigo aceder à minha conta depois da atualização.
A aplicação pede um número de verificação que nunca é enviado.
Já tentei no telemóvel e no computador, mas a ligação falha.
Vocês têm alguma solução, ou é preciso criar outra conta?
As informações que estão lá são importantes para mim.""",
    ),
    "Danish": (
        """Hej, jeg har stadig ikke fået den pakke, som jeg købte i går otte dage.
På hjemmesiden står der, at den er på vej, men det har der stået længe.
Kan I undersøge, om den er gået tabt på lageret?
Jeg ønsker at få pengene tilbage, hvis den ikke når frem før lørdag.
Nøglen til døren er også blevet væk.
Venlig hilsen Søren fra Ærøskøbing""",
        """Jeg kan ikke logge på, efter at jeg ændrede min adgangskode.
Der står, at brugeren er låst, og at jeg må prøve igen senere.
Hvor længe varer det, før jeg får adgang?
Jeg har både prøvet på telefonen og på computeren.
Måske er det en fejl hos jer, for min kone har samme spørgsmål.""",
    ),
    "Swedish": (
        """Hej, jag har väntat på mitt paket i över två veckor nu.
Spårningen säger att det är på väg, men ingenting händer.
Kan ni kontrollera om det har försvunnit på lagret?
Jag vill gärna få pengarna tillbaka om det inte går att lösa.
Dessutom är fakturan fel, för jag beställde bara en jacka.
Hälsningar från Åsa på Östermalm""",
        """Appen stängs av så fort jag försöker öppna mina ärenden.
Jag har redan startat om telefonen och tagit bort programmet.
Felet började efter den senaste uppdateringen, tror jag.
Är det någon annan som också har hört av sig om det här?
Det vore bra att få svar före fredag, för då åker jag bort.""",
    ),
    "Polish": (
        """Dzień dobry, przesyłka miała przyjść w środę, ale wciąż jej nie ma.
Proszę o sprawdzenie, gdzie się znajduje i kiedy ją dostanę.
Jeśli zaginęła, chciałbym otrzymać zwrot pieniędzy na konto.
Numer zamówienia podałem już dwa razy, lecz nikt się nie odezwał.
Źle zapisano też mój adres: powinna być ulica Łąkowa.
Z góry dziękuję za pomoc""",
        """Nie mogę się zalogować po zmianie hasła.
Pojawia się komunikat, że użytkownik został zablokowany.
Próbowałem na telefonie i na komputerze, bez żadnego skutku.
Czy możecie przywrócić dostęp jeszcze dziś?
Jutro muszę wysłać ważne dokumenty, więc bardzo mi na tym zależy.""",
    ),
    "Czech": (
        """Dobrý den, zásilka měla dorazit už v úterý, ale stále tu není.
Můžete prosím zjistit, kde právě leží a kdy ji dostanu?
Pokud se ztratila, chtěl bych vrátit peníze na účet.
Číslo objednávky jsem uvedl už dvakrát, nikdo se však neozval.
Také je špatně napsaná ulice, má to být Růžová.
Děkuji za rychlou odpověď""",
        """Po změně hesla se nemůžu přihlásit do aplikace.
Objeví se hlášení, že účet je dočasně zablokovaný.
Zkoušel jsem to na telefonu i na počítači, vždy stejně.
Dá se přístup obnovit ještě dnes večer?
Zítra potřebuji odeslat důležité dokumenty, tak spěchám.""",
    ),
    "Hungarian": (
        """Jó napot kívánok, a csomagom még mindig nem érkezett meg.
A honlap szerint már három napja úton van a futárral.
Kérem, nézzék meg, hogy nem veszett-e el a raktárban.
Ha igen, szeretném visszakapni a pénzt a bankszámlámra.
A számlán rosszul szerepel az utcanév és az időpont is.
Előre is köszönöm a segítségüket""",
        """Nem tudok belépni, mióta megváltoztattam a jelszót.
Azt írja ki, hogy a felhasználó ideiglenesen le van tiltva.
Próbáltam telefonról és számítógépről is, de ugyanaz történik.
Mikor fog újra működni, és mit kell tennem addig?
Holnap fontos iratokat kell elküldenem, ezért nagyon sürgős.""",
    ),
    "Romanian": (
        """Bună ziua, coletul meu nu a ajuns nici după două săptămâni.
Pe pagină scrie că este în livrare, dar nu m-a sunat nimeni.
Vă rog să verificaţi dacă a fost pierdut în depozit.
Dacă da, aş vrea să primesc banii înapoi cât mai repede.
Şi adresa este greşită pe factură, trebuie să fie strada Ţărmului.
Vă mulţumesc pentru ajutor""",
        """Nu mai pot să intru în cont după ce am schimbat parola.
Îmi apare un mesaj că utilizatorul a fost blocat până mâine.
Am încercat şi pe telefon, şi pe calculator, fără niciun rezultat.
Când va funcţiona din nou aplicaţia?
Am nevoie de documente astăzi, aşa că este urgent.""",
    ),
    "Turkish": (
        """Merhaba, geçen hafta verdiğim sipariş hâlâ elime ulaşmadı.
Sayfada kargonun yola çıktığı yazıyor ama kimse aramadı.
Paketin kaybolup kaybolmadığını kontrol eder misiniz?
Eğer kaybolduysa paramı geri almak istiyorum.
Faturadaki adres de yanlış, doğrusu Çiğdem Sokağı olacak.
İlginiz için şimdiden teşekkür ederim""",
        """Şifremi değiştirdikten sonra uygulamaya giriş yapamıyorum.
Hesabımın geçici olarak kapatıldığı söyleniyor.
Telefonda da bilgisayarda da denedim, sonuç aynı.
Bugün içinde açılması mümkün mü, yoksa beklemem mi gerekiyor?
Yarın önemli bir belge göndereceğim, bu yüzden çok acil.""",
    ),
    "Lithuanian": (
        """Laba diena, mano siunta turėjo ateiti dar antradienį, bet jos vis nėra.
Puslapyje rašoma, kad ji jau išvežta, tačiau niekas neskambino.
Ar galėtumėte patikrinti, ar ji nebuvo pamesta sandėlyje?
Jeigu taip, norėčiau atgauti pinigus į savo sąskaitą.
Sąskaitoje taip pat neteisingai įrašytas gatvės pavadinimas.
Iš anksto dėkoju už pagalbą""",
        """Pakeitęs slaptažodį nebegaliu prisijungti prie programėlės.
Rodomas pranešimas, kad naudotojas laikinai užblokuotas.
Bandžiau ir telefone, ir kompiuteryje, bet niekas nepasikeitė.
Kada viskas vėl veiks ir ką man daryti iki to laiko?
Rytoj turiu išsiųsti svarbius dokumentus, todėl labai skubu.""",
    ),
    "Russian": (
        """Здравствуйте, мой заказ до сих пор не пришёл.
На сайте написано, что он уже в пути, но мне никто не звонил.
Проверьте, пожалуйста, не потерялась ли посылка на складе.
Если да, я хочу получить деньги обратно на карту.
Ещё в счёте неправильно указана улица.
Заранее спасибо за помощь""",
        """После смены пароля я не могу войти в приложение.
Появляется сообщение, что пользователь временно заблокирован.
Пробовал и на телефоне, и на компьютере, результат тот же.
Когда всё снова заработает и что мне делать до этого?
Завтра нужно отправить важные документы, поэтому очень срочно.""",
    ),
    "Ukrainian": (
        """Добрий день, моє замовлення досі не прийшло.
На сторінці пише, що воно вже в дорозі, але мені ніхто не дзвонив.
Перевірте, будь ласка, чи не загубилася посилка на складі.
Якщо так, я хочу отримати гроші назад на картку.
Ще в рахунку неправильно вказана вулиця, має бути Їжакова.
Заздалегідь дякую за допомогу""",
        """Після зміни пароля я не можу увійти в застосунок.
З'являється повідомлення, що користувача тимчасово заблоковано.
Пробував і на телефоні, і на комп'ютері, але нічого не змінилося.
Коли все знову запрацює і що мені робити до того часу?
Завтра треба надіслати важливі документи, тому дуже терміново.""",
    ),
    "Greek": (
        """Καλημέρα σας, η παραγγελία μου δεν έχει φτάσει ακόμα.
Στη σελίδα γράφει ότι είναι στον δρόμο, αλλά δεν με πήρε κανείς.
Μπορείτε να ελέγξετε μήπως χάθηκε το δέμα στην αποθήκη;
Αν ναι, θα ήθελα να μου επιστρέψετε τα χρήματα.
Επίσης η διεύθυνση στο τιμολόγιο είναι λάθος.
Ευχαριστώ πολύ για τη βοήθεια""",
        """Μετά την αλλαγή του κωδικού δεν μπορώ να συνδεθώ.
Εμφανίζεται ένα μήνυμα ότι ο λογαριασμός έχει κλειδωθεί.
Δοκίμασα και στο κινητό και στον υπολογιστή, αλλά τίποτα.
Πότε θα λειτουργήσει ξανά η εφαρμογή;
Αύριο πρέπει να στείλω σημαντικά έγγραφα, γι' αυτό βιάζομαι.""",
    ),
    "Hebrew": (
        """שלום, ההזמנה שלי עדיין לא הגיעה אחרי שבועיים.
באתר כתוב שהיא בדרך אבל אף אחד לא התקשר אלי.
אפשר לבדוק אם החבילה אבדה במחסן?
אם כן, אני רוצה לקבל את הכסף בחזרה.
גם הכתובת בחשבונית לא נכונה.
תודה רבה על העזרה""",
        """אחרי שהחלפתי סיסמה אני לא מצליח להיכנס לחשבון.
מופיעה הודעה שהמשתמש חסום עד מחר.
ניסיתי גם בטלפון וגם במחשב, אבל זה לא עוזר.
מתי זה יעבוד שוב ומה לעשות עד אז?
אני צריך לשלוח מסמכים חשובים עוד היום.""",
    ),
    "Arabic": (
        """مرحبا، لم يصل طلبي حتى الآن رغم مرور أسبوعين.
مكتوب في الموقع أنه في الطريق ولكن لم يتصل بي أحد.
هل يمكن أن تتأكدوا من أن الطرد لم يضع في المخزن؟
إذا كان كذلك فأنا أريد استرجاع المال على بطاقتي.
كما أن العنوان في الفاتورة غير صحيح.
شكرا جزيلا على المساعدة""",
        """بعد تغيير كلمة المرور لا أستطيع الدخول إلى حسابي.
تظهر رسالة تقول إن المستخدم محظور إلى يوم الغد.
حاولت من الهاتف ومن الحاسوب ولم ينجح أي شيء.
متى سوف يعمل التطبيق مرة أخرى؟
يجب أن أرسل بعض الوثائق المهمة هذا اليوم.""",
    ),
    "Japanese": (
        """先週注文した商品がまだ届いていません。
サイトでは配送中と表示されていますが、連絡がありません。
荷物が倉庫でなくなっていないか確認してください。
もし見つからない場合は、返金をお願いします。
請求書の住所も間違っています。
よろしくお願いいたします。""",
        """パスワードを変更してから、アプリにログインできません。
アカウントが一時的に停止されたと表示されます。
スマートフォンでもパソコンでも同じ結果でした。
いつから使えるようになりますか。
明日までに大切な書類を送らなければならないので、急いでいます。""",
    ),
    "Chinese": (
        """你好，我上个星期买的东西到现在还没有收到。
网站上说已经在路上了，可是没有人给我打电话。
请帮我看一下，包裹是不是在仓库里丢了？
如果找不到，我想要回我的钱。
发票上的地址也写错了。
谢谢你们的帮助。""",
        """我改了密码以后就不能进入自己的账号了。
手机上出现一个消息，说用户已经被停用。
我在电脑上也试过，结果都是一样的。
请问什么时候可以再用这个程序？
明天我要发很重要的文件，所以很着急。""",
    ),
    "Korean": (
        """안녕하세요, 지난주에 주문한 상품이 아직 도착하지 않았습니다.
사이트에는 배송 중이라고 나오는데 아무 연락이 없습니다.
혹시 창고에서 없어진 것은 아닌지 확인해 주세요.
찾을 수 없다면 돈을 돌려받고 싶습니다.
영수증에 있는 주소도 잘못되어 있습니다.
도와주셔서 감사합니다.""",
        """비밀번호를 바꾼 다음부터 로그인이 되지 않습니다.
사용자가 일시적으로 정지되었다는 말이 나옵니다.
전화기와 컴퓨터에서 모두 해 보았지만 결과는 같았습니다.
언제부터 다시 사용할 수 있나요?
내일까지 중요한 서류를 보내야 해서 아주 급합니다.""",
    ),
}
