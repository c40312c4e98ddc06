"""German, the second language: what is said to the device in it, and what it answers."""

import json
import re
from datetime import datetime

import pytest
from support.skills import Machine

from device.bench.requests.household import BEGIN, Household
from device.bench.requests.talk import Conversation
from device.language.language import load_language
from device.local.brain.heard import clauses
from device.local.brain.sentences import Sentences
from device.local.stages import Call, Choice, Text, Tool, Turn

NOW = datetime(2026, 11, 22, 14, 35)  # noqa: DTZ001 - the device's own clock
AUTO = Choice()


@pytest.fixture(scope="module")
def tools():
    return [Tool(spec.name, "", spec.parameters) for spec in Machine().tools.specs()]


@pytest.fixture(scope="module")
def brain():
    brain = Sentences("de", ["Jarvis"], lambda: NOW)
    brain.warm_up()
    return brain


async def ask(brain, turns, tools=()):
    turns = [Turn("user", turns)] if isinstance(turns, str) else turns
    return [item async for item in brain.reply(turns, tools, "", AUTO)]


async def said(brain, turns, tools=()):
    return " ".join(item.text for item in await ask(brain, turns, tools) if isinstance(item, Text))


def timer(seconds, name=""):
    return "set_timer", {"seconds": seconds, **({"name": name} if name else {})}


def alarm(time, **more):
    return "set_alarm", {"time": time, **more}


def cancel(name=""):
    return "cancel_timer", {"name": name} if name else {}


def listed(tool, *items, name="Einkaufsliste"):
    return tool, {"items": list(items), "list": name}


TIME, LIST, SLEEP, MUTE = ("get_time", {}), ("list_timers", {}), ("sleep", {}), ("mute", {})
LOUDER, SOFTER = ("set_volume", {"change": 10}), ("set_volume", {"change": -10})
CALLS = {
    "Wie spät ist es?": TIME,
    "Jarvis, wie spät ist es?": TIME,
    "Wie spät ist es, Jarvis?": TIME,
    "Hey Jarvis, wie viel Uhr ist es?": TIME,
    "Wieviel Uhr ist es denn?": TIME,
    "Wie spaet ist es?": TIME,
    "Sag mir bitte die Uhrzeit.": TIME,
    "Kannst du mir sagen, wie spät es ist?": TIME,
    "Weisst du, wie viel Uhr es ist?": TIME,
    "Uhrzeit bitte": TIME,
    "Sag mir, wie spät es ist": TIME,
    "Wie spät ist es jetzt?": TIME,
    "Wie spät haben wir's?": TIME,
    "Wie spät ist es in zwei Stunden?": TIME,
    "Welcher Tag ist heute?": TIME,
    "Was ist heute für ein Tag?": TIME,
    "Was für ein Tag ist morgen?": TIME,
    "Was für einen Tag haben wir heute?": TIME,
    "Welchen Tag haben wir heute?": TIME,
    "Welches Datum haben wir heute?": TIME,
    "Der Wievielte ist heute?": TIME,
    "Den wievielten haben wir heute": TIME,
    "Welches Datum ist nächsten Freitag?": TIME,
    "Welchen Monat haben wir?": TIME,
    "In welchem Jahr sind wir?": TIME,
    "Stell einen Timer auf zehn Minuten.": timer(600),
    "Stelle einen Timer auf 10 Minuten": timer(600),
    "Stell mir bitte einen Timer auf fünf Minuten": timer(300),
    "Stell bitte mal schnell einen Timer auf fuenf Minuten": timer(300),
    "Kannst du einen Timer auf fünf Minuten stellen?": timer(300),
    "Könntest du mir bitte einen Timer für 20 Minuten stellen?": timer(1200),
    "Mach 'nen Timer für 'ne halbe Stunde": timer(1800),
    "Timer 5 Minuten": timer(300),
    "Timer auf drei Minuten, bitte.": timer(180),
    "Zehnminutentimer": timer(600),
    "Stell einen Zehn-Minuten-Timer": timer(600),
    "Starte einen 10-Minuten-Timer.": timer(600),
    "Stell einen Fünfminutentimer": timer(300),
    "Setz einen Timer auf eine Stunde und 30 Minuten": timer(5400),
    "Setz einen Timer auf eine Stunde dreißig": timer(5400),
    "Stell einen Timer auf anderthalb Stunden": timer(5400),
    "Stell einen Timer auf eineinhalb Stunden": timer(5400),
    "Stell einen Timer auf zweieinhalb Minuten": timer(150),
    "Stell einen Timer auf 2,5 Minuten": timer(150),
    "Stell einen Timer auf eine Viertelstunde": timer(900),
    "Stell einen Timer auf eine Dreiviertelstunde": timer(2700),
    "Stell einen Timer auf drei viertel Stunden": timer(2700),
    "Stell einen Timer auf neunzig Sekunden": timer(90),
    "Stell einen Timer auf einundzwanzig Minuten": timer(1260),
    "Stell einen Timer auf dreissig Minuten": timer(1800),
    "Stell einen Timer auf eine Minute": timer(60),
    "Stell einen Nudeltimer auf acht Minuten": timer(480, "nudel"),
    "Stell einen Timer auf acht Minuten für die Nudeln": timer(480, "nudeln"),
    "Stell einen Timer für die Pizza auf zwölf Minuten.": timer(720, "pizza"),
    "Nudeltimer acht Minuten": timer(480, "nudel"),
    "Stell einen Eier-Timer auf sechs Minuten": timer(360, "eier"),
    "Weck mich in 20 Minuten": timer(1200),
    "Sag mir in fünf Minuten Bescheid": timer(300),
    "Noch einen Timer auf fünf Minuten": timer(300),
    "Warte, stell einen Timer auf fünf Minuten": timer(300),
    "Weck mich morgen um halb sieben": alarm("06:30", date="2026-11-23"),
    "Weck mich um halb sieben": alarm("18:30"),
    "Wecke mich bitte morgen früh um 6 Uhr 30": alarm("06:30", date="2026-11-23"),
    "Stell den Wecker auf 19:30 Uhr": alarm("19:30"),
    "Stell einen Wecker für viertel vor acht": alarm("19:45"),
    "Weck mich um viertel nach sechs": alarm("18:15"),
    "Weck mich um dreiviertel acht": alarm("19:45"),
    "Weck mich um fünf vor halb acht": alarm("19:25"),
    "Kannst du mich um sieben wecken?": alarm("19:00"),
    "Weck mich werktags um sieben": alarm("07:00", repeat="weekdays"),
    "Weck mich jeden Tag um sechs": alarm("06:00", repeat="daily"),
    "Weck mich am Montag um acht": alarm("08:00", date="2026-11-23"),
    "Weck mich am 1. Mai um acht": alarm("08:00", date="2027-05-01"),
    "Weck mich am ersten Mai um acht": alarm("08:00", date="2027-05-01"),
    "Weck mich heute Abend um acht": alarm("20:00", date="2026-11-22"),
    "Erinnere mich in zwanzig Minuten an die Pizza": ("set_reminder", {"text": "die Pizza", "in_seconds": 1200}),
    "Lösch den Wecker": ("cancel_alarm", {"kind": "alarm"}),
    "Lösche alle Wecker": ("cancel_alarm", {"kind": "alarm", "all": True}),
    "Welche Wecker sind gestellt?": ("list_alarms", {}),
    "Noch zehn Minuten schlafen": ("snooze", {"minutes": 10}),
    "Verlängere den Timer um fünf Minuten": ("change_timer", {"add_seconds": 300}),
    "Verkürze den Nudeltimer um zwei Minuten": ("change_timer", {"name": "nudel", "add_seconds": -120}),
    "Pausiere den Timer": ("change_timer", {"pause": True}),
    "Setz den Timer fort": ("change_timer", {"pause": False}),
    "Wie lange noch?": LIST,
    "Wie lange läuft der Timer noch?": LIST,
    "Wie lange läuft der Nudeltimer noch?": LIST,
    "Wie viel Zeit ist noch übrig?": LIST,
    "Wie viel Zeit habe ich noch?": LIST,
    "Wie viel Zeit hab ich noch?": LIST,
    "Wann klingelt der Timer?": LIST,
    "Welche Timer laufen gerade?": LIST,
    "Läuft noch ein Timer?": LIST,
    "Was macht der Timer?": LIST,
    "Wie lange braucht der Zehn-Minuten-Timer noch?": LIST,
    "Stopp den Timer": cancel(),
    "Stop den Timer": cancel(),
    "Brich den Timer ab": cancel(),
    "Lösch den Timer": cancel(),
    "Loesche alle Timer": ("cancel_timer", {"all": True}),
    "Mach den Timer aus": cancel(),
    "Schalte bitte den Timer aus": cancel(),
    "Timer aus": cancel(),
    "Timer abbrechen": cancel(),
    "Stell den Timer ab": cancel(),
    "Kannst du den Timer bitte ausmachen?": cancel(),
    "Ich brauche den Timer nicht mehr": cancel(),
    "Stell den Nudeltimer ab": cancel("nudel"),
    "Lösche den Fünf-Minuten-Timer": cancel("fünf-Minuten-Timer"),
    "Mach lauter": LOUDER,
    "Lauter!": LOUDER,
    "Mach bitte etwas lauter": LOUDER,
    "Ein bisschen lauter bitte": LOUDER,
    "Sprich lauter": LOUDER,
    "Kannst du lauter sprechen?": LOUDER,
    "Du bist zu leise": LOUDER,
    "Dreh auf": LOUDER,
    "Mach mal leiser.": SOFTER,
    "Mach den Ton leiser": SOFTER,
    "Dreh die Lautstärke runter": SOFTER,
    "Du bist zu laut": SOFTER,
    "Nicht so laut": SOFTER,
    "Lautstärke 50 Prozent": ("set_volume", {"percent": 50}),
    "Lautstaerke auf 30 %": ("set_volume", {"percent": 30}),
    "Stell die Lautstärke auf zwanzig Prozent": ("set_volume", {"percent": 20}),
    "Mach es um zwanzig Prozent lauter": ("set_volume", {"change": 20}),
    "Mach es um 5 Prozent leiser": ("set_volume", {"change": -5}),
    "Volle Lautstärke": ("set_volume", {"percent": 100}),
    "So laut es geht": ("set_volume", {"percent": 100}),
    "Stopp": SLEEP,
    "Stop.": SLEEP,
    "Halt!": SLEEP,
    "Ruhe": SLEEP,
    "Sei still": SLEEP,
    "Hör auf": SLEEP,
    "Genug jetzt": SLEEP,
    "Danke, stopp.": SLEEP,
    "Tschüss": SLEEP,
    "Auf Wiedersehen": SLEEP,
    "Bis später": SLEEP,
    "Gute Nacht": SLEEP,
    "Schlaf gut": SLEEP,
    "Geh schlafen": SLEEP,
    "Mikrofon aus": MUTE,
    "Erinner mich in zwanzig Minuten, den Ofen auszumachen": (
        "set_reminder",
        {"text": "den Ofen auszumachen", "in_seconds": 1200},
    ),
    "Wie lange noch beim Nudeltimer?": LIST,
    "Noch zehn Minuten mehr auf den Timer": ("change_timer", {"add_seconds": 600}),
    "Halt den Timer an": ("change_timer", {"pause": True}),
    "Kannst du einen Wecker in einer halben Stunde stellen?": timer(1800),
    "Wie laut bist du eingestellt?": ("get_volume", {}),
    "Setz Milch auf die Einkaufsliste": listed("add_to_list", "Milch"),
    "Kannst du bitte Milch, Eier und Brot auf den Einkaufszettel schreiben?": (
        listed("add_to_list", "Milch", "Eier", "Brot")
    ),
    "Füge zwei Liter Milch zur Einkaufsliste hinzu": listed("add_to_list", "2 Liter Milch"),
    "Wir brauchen noch Salz und Pfeffer und Öl": listed("add_to_list", "Salz und Pfeffer", "Öl"),
    "Die Butter ist alle": listed("add_to_list", "Butter"),
    "Pack Sonnencreme auf die Packliste": listed("add_to_list", "Sonnencreme", name="Packliste"),
    "Schreib Steuererklärung auf meine To-do-Liste": listed("add_to_list", "Steuererklärung", name="To-do-Liste"),
    "Streich die Eier von der Liste": listed("remove_from_list", "Eier"),
    "Was steht auf der Einkaufsliste?": ("read_list", {"list": "Einkaufsliste"}),
    "Was müssen wir noch einkaufen?": ("read_list", {"list": "Einkaufsliste"}),
    "Was habe ich heute noch zu erledigen?": ("read_list", {"list": "To-do-Liste"}),
    "Stehen Eier auf der Liste?": ("read_list", {"list": "Einkaufsliste"}),
    "Welche Listen gibt es?": ("read_list", {}),
    "Lösch die Einkaufsliste": ("clear_list", {"list": "Einkaufsliste"}),
    "Nimmst du mich auf?": ("get_privacy", {}),
    "Hörst du immer zu?": ("get_privacy", {}),
    "Lösche alles, was ich heute gesagt habe": ("delete_transcripts", {"which": "today"}),
    "Lösche alle meine Aufnahmen": ("delete_transcripts", {"which": "all"}),
    "Wann geht morgen die Sonne auf?": ("get_sun", {"date": "2026-11-23"}),
    "Wann wird es dunkel?": ("get_sun", {}),
    "Wie lange ist es übermorgen hell?": ("get_sun", {"date": "2026-11-24"}),
    "Schalte das Mikrofon stumm": MUTE,
    "Hör mir nicht mehr zu": MUTE,
}

ANSWERS = {
    "Wie spät ist es?": "Es ist 14 Uhr 35.",
    "Wie spät ist es in zwei Stunden?": "In 2 Stunden ist es 16 Uhr 35.",
    "Wie spät ist es in einer Minute?": "In einer Minute ist es 14 Uhr 36.",
    "Wie spät war es vor einer halben Stunde?": "Vor 30 Minuten war es 14 Uhr 5.",
    "Welcher Tag ist heute?": "Heute ist Sonntag.",
    "Was ist heute für ein Tag?": "Heute ist Sonntag.",
    "Welcher Tag war gestern?": "Gestern war Samstag.",
    "Welcher Tag war vorgestern?": "Vorgestern war Freitag.",
    "Welcher Tag ist übermorgen?": "Übermorgen ist Dienstag.",
    "Welcher Tag ist in zwei Tagen?": "In 2 Tagen ist Dienstag.",
    "Welcher Tag war vor einem Tag?": "Vor einem Tag war Samstag.",
    "Welches Datum haben wir heute?": "Heute ist Sonntag, der zweiundzwanzigste November 2026.",
    "Welches Datum ist morgen?": "Morgen ist Montag, der dreiundzwanzigste November 2026.",
    "Welches Datum ist in einer Woche?": "In 7 Tagen ist Sonntag, der neunundzwanzigste November 2026.",
    "Welches Datum war vor drei Tagen?": "Vor 3 Tagen war Donnerstag, der neunzehnte November 2026.",
    "Der Wievielte ist nächsten Dienstag?": "Der nächste Dienstag ist Dienstag, der vierundzwanzigste November 2026.",
    "Welchen Monat haben wir?": "Wir haben November.",
    "Welches Jahr haben wir?": "Wir haben das Jahr 2026.",
    "Was ist zwölf mal sieben?": "12 mal 7 ist gleich 84.",
    "Wie viel ist 3 plus 4?": "3 plus 4 ist gleich 7.",
    "Wieviel ist fünf minus acht": "5 minus 8 ist gleich minus 3.",
    "Was ist 100 geteilt durch 8?": "100 geteilt durch 8 ist gleich 12,5.",
    "Was sind 15 Prozent von 80?": "15 Prozent von 80 ist gleich 12.",
    "Was ist die Wurzel aus 144?": "Die Wurzel aus 144 ist 12.",
    "Was ist zwei hoch zehn?": "2 hoch 10 ist gleich 1024.",
    "Was ist dreieinhalb mal zwei?": "3,5 mal 2 ist gleich 7.",
    "Was ist drei Komma eins vier mal zwei?": "3,14 mal 2 ist gleich 6,28.",
    "Was ist 7*8": "7 mal 8 ist gleich 56.",
    "Fünf geteilt durch null": "Durch null kann man nicht teilen.",
    "Was ist die Wurzel aus minus vier?": "Aus einer negativen Zahl gibt es keine reelle Wurzel.",
    "Was ist neun hoch neun hoch neun hoch neun?": "Diese Zahl ist mir zu groß.",
    "Was ist die Hälfte von 50?": "50 geteilt durch 2 ist gleich 25.",
    "Wie viele Meter sind drei Kilometer?": "3 Kilometer sind 3000 Meter.",
    "Wie viel Gramm sind zwei Kilo?": "2 Kilogramm sind 2000 Gramm.",
    "Wie viele Kilometer sind fünf Meilen?": "5 Meilen sind 8,05 Kilometer.",
    "Was ist eine Meile in Kilometern?": "Eine Meile sind 1,61 Kilometer.",
    "Was sind 20 Grad Celsius in Fahrenheit?": "20 Grad Celsius sind 68 Grad Fahrenheit.",
    "Rechne 70 Fahrenheit in Celsius um": "70 Grad Fahrenheit sind 21,11 Grad Celsius.",
    "Wie viele Minuten sind zwei Stunden?": "2 Stunden sind 120 Minuten.",
    "Wie viele Minuten hat eine Stunde?": "Eine Stunde sind 60 Minuten.",
    "Wie viele Meter sind drei Kilo?": "Kilogramm kann man nicht in Meter umrechnen: Das ist nicht dieselbe Größe.",
    "Danke": "Gern geschehen.",
    "Vielen Dank!": "Gern geschehen.",
    "Wie geht's?": "Gut, danke. Alle Schaltkreise sind kühl.",
    "Wie geht es dir heute?": "Gut, danke. Alle Schaltkreise sind kühl.",
    "Hallo": "Hallo! Was kann ich für dich tun?",
    "Guten Morgen!": "Guten Morgen! Ich hoffe, du hast gut geschlafen.",
    "Guten Abend": "Guten Abend! Was kann ich für dich tun?",
    "Wer bist du?": "Ich bin Jarvis, ein Sprachassistent, und wohne in diesem Gerät.",
    "Wie heisst du?": "Ich bin Jarvis, ein Sprachassistent, und wohne in diesem Gerät.",
    "Entschuldigung": "Schon gut.",
    "Ja": "In Ordnung.",
    "Jarvis": "Ja?",
    "Wie wird das Wetter morgen?": "Das Wetter kenne ich leider nicht.",
    "Regnet es heute?": "Das Wetter kenne ich leider nicht.",
    "Spiel Musik": "Musik kann ich nicht abspielen.",
    "Stell einen Timer auf zehn Minuten": "Dieses Gerät hat keine Timer.",
    "Mach lauter": "An diesem Gerät kann ich die Lautstärke nicht ändern.",
    "Mikrofon aus": "An diesem Gerät kann ich das Mikrofon nicht stumm schalten.",
    "Tschüss": "Tschüss!",
    "Gute Nacht": "Gute Nacht, schlaf gut.",
    "Wer hat 1954 die Weltmeisterschaft gewonnen?": (
        "Ich weiß leider nicht, wer 1954 die Weltmeisterschaft gewonnen hat."
    ),
    "Wie hoch ist der Eiffelturm?": "Ich weiß leider nicht, wie hoch der Eiffelturm ist.",
    "Wie alt ist mein Hund?": "Das weiß ich leider nicht.",
    "Erzähl mir etwas über Bienen": "Das weiß ich leider nicht.",
    "Wie viele Tage sind es noch bis Weihnachten?": (
        "Es sind noch 33 Tage: Das ist Freitag, der fünfundzwanzigste Dezember 2026."
    ),
    "Wie lange ist es noch bis zum ersten Mai?": "Es sind noch 160 Tage: Das ist Samstag, der erste Mai 2027.",
    "Wie viele Wochen noch bis Silvester?": (
        "Es sind noch 5 Wochen und 4 Tage: Das ist Donnerstag, der einunddreißigste Dezember 2026."
    ),
    "In wie vielen Wochen ist Nikolaus?": "Es sind noch 2 Wochen: Das ist Sonntag, der sechste Dezember 2026.",
    "Wie viele Tage noch bis morgen?": "Es ist nur noch ein Tag: morgen.",
    "Vor wie vielen Tagen war der dritte Oktober?": "Das war vor 50 Tagen: Samstag, der dritte Oktober 2026.",
    "Wann ist Ostern?": "Das ist Sonntag, der achtundzwanzigste März 2027.",
    "Auf welchen Tag fällt der 3. Oktober?": "Das ist Sonntag, der dritte Oktober 2027.",
    "Was für ein Tag ist der vierundzwanzigste Dezember?": "Das ist Donnerstag, der vierundzwanzigste Dezember 2026.",
    "Welches Datum ist zwei Wochen nach Weihnachten?": "Das ist Freitag, der achte Januar 2027.",
    "Welcher Tag war drei Tage vor dem ersten November?": "Das ist Freitag, der neunundzwanzigste Oktober 2027.",
    "Wie viele Tage liegen zwischen dem ersten März und dem zwanzigsten Mai?": "Dazwischen liegen 80 Tage.",
    "Wann ist der einunddreißigste April?": "Dieses Datum gibt es nicht.",
    "Wann ist der 29. Februar 2027?": "Dieses Datum gibt es nicht.",
    "Wann ist mein Geburtstag?": "Deinen Kalender kann ich nicht sehen.",
    "Wie spät ist es in Atlantis?": "Wie spät es in Atlantis ist, weiß ich nicht.",
    "Wann geht die Sonne auf?": (
        "Ich weiß nicht, wo wir sind, darum kann ich nicht sagen, wann die Sonne auf- oder untergeht."
    ),
    "Wie buchstabiert man Straße?": "Straße: S, T, R, A, Eszett, E.",
    "Buchstabiere bitte Käse für mich": "Käse: K, Ä, S, E.",
    "Wie schreibt man mehr?": "Mehr: M, E, H, R; oder meer, M, E, E, R.",
    "Wie viele Buchstaben hat das Wort Haus?": "Haus hat 4 Buchstaben.",
    "Soll ich essen?": "Das weiß ich leider nicht.",
    "Wähle für mich Tee": "Sag mir, wozwischen ich wählen soll: Tee oder Kaffee zum Beispiel.",
    "Sprich langsamer": "Ich spreche langsamer.",
    "Nicht so schnell!": "Ich spreche langsamer.",
    "Du redest zu langsam": "Ich spreche schneller.",
    "Sprich wieder normal": "Ich spreche wieder wie sonst.",
    "Sag das noch mal": "Ich habe noch nichts gesagt.",
    "Was hast du gehört?": "Davor hast du nichts gesagt.",
    "Nimmst du mich auf?": "Ton behalte ich nicht. Ob deine Worte als Text bleiben, kann ich von hier aus nicht sehen.",
    "Setz Milch auf die Einkaufsliste": "Auf diesem Gerät kann ich keine Listen führen.",
    "Was ist ein Drittel von neunzig?": "Das macht 30.",
    "Wie viel Prozent von 80 sind 12?": "Das sind 15 Prozent.",
    "Wie viel Gramm hat eine Tasse Mehl?": "Eine Tasse Mehl: etwa 125 Gramm.",
    "Was wiegen zwei Esslöffel Butter?": "2 Esslöffel Butter: etwa 28 Gramm.",
    "Küchenlicht aus": "Im Haus kann ich nichts schalten.",
    "Mach das Licht in der Küche an": "Im Haus kann ich nichts schalten.",
    "Was gibt es Neues?": "Nachrichten bekomme ich hier nicht.",
    "Ruf Oma an": "Anrufen kann ich niemanden.",
    "Was steht heute im Kalender?": "Deinen Kalender kann ich nicht sehen.",
    "Was heißt Hund auf Englisch?": "Übersetzen kann ich nicht: Ich kann nur Deutsch.",
    "Bestell eine Pizza": "Bestellen oder Preise nachsehen kann ich nicht.",
    "Wie koche ich Spargel?": "Rezepte kenne ich keine.",
    "Wie komme ich zum Bahnhof?": "Wege, Fahrpläne und Orte kann ich nicht nachsehen.",
    "Stell keinen Timer auf fünf Minuten": "Das weiß ich leider nicht.",
    "Blablabla": "Das weiß ich leider nicht.",
    "Erinnere mich um acht an " + "blah " * 400: "Das war mir zu lang. Sag es mit weniger Worten.",
    "Was ist 9^9^9?": "Diese Zahl ist mir zu groß.",
    "Was ist 2**10?": "2 hoch 10 ist gleich 1024.",
    "Was ist null hoch minus eins?": "Durch null kann man nicht teilen.",
}

SUN = {"place": "", "sunrise": "07:41", "sunset": "15:59", "daylight_minutes": 498}
NOODLES = {"timers": [{"name": "nudel", "remaining_seconds": 61}]}
OUTPUTS = [
    (
        "Setz Milch und Eier auf die Einkaufsliste",
        {"list": "Einkaufsliste", "added": ["Milch", "Eier"], "already_there": []},
        "Ich habe Milch und Eier auf deine Einkaufsliste gesetzt.",
    ),
    (
        "Setz Eier auf die Liste",
        {"list": "Einkaufsliste", "added": [], "already_there": ["Eier"]},
        "Schon auf deiner Einkaufsliste: Eier.",
    ),
    (
        "Was steht auf der Einkaufsliste?",
        {"list": "Einkaufsliste", "count": 3, "items": ["Milch", "Eier", "Brot"]},
        "Auf deiner Einkaufsliste: Milch, Eier und Brot.",
    ),
    (
        "Was steht auf der Packliste?",
        {"list": "Packliste", "count": 12, "items": [f"Ding {n}" for n in range(12)]},
        (
            "Auf deiner Packliste stehen 12 Dinge, zuerst Ding 0, Ding 1, Ding 2, Ding 3, Ding 4, Ding 5, Ding 6, "
            "Ding 7, Ding 8, Ding 9, und dann noch 2."
        ),
    ),
    ("Lies die To-do-Liste vor", {"list": "To-do-Liste", "count": 0, "items": []}, "Deine To-do-Liste ist leer."),
    (
        "Steht Butter auf der Liste?",
        {"list": "Einkaufsliste", "count": 1, "items": ["Milch"]},
        "Nein, das steht nicht auf deiner Einkaufsliste: Butter.",
    ),
    (
        "Ist ein Ei auf der Liste?",
        {"list": "Einkaufsliste", "count": 1, "items": ["Eier"]},
        "Ja, auf deiner Einkaufsliste: ein Ei.",
    ),
    (
        "Streich Milch von der Liste",
        {"list": "Einkaufsliste", "removed": ["Milch"], "not_there": []},
        "Ich habe Milch von deiner Einkaufsliste gestrichen.",
    ),
    (
        "Lösch die Liste",
        {"list": "Einkaufsliste", "removed_count": 1},
        "Deine Einkaufsliste ist jetzt leer: Ein Eintrag stand darauf.",
    ),
    (
        "Welche Listen habe ich?",
        {"lists": {"Einkaufsliste": 2, "To-do-Liste": 1}},
        "Du hast die Einkaufsliste und die To-do-Liste.",
    ),
    (
        "Hörst du immer zu?",
        {"transcripts_kept_days": 1, "sound_kept": False},
        (
            "Ton behalte ich nicht. Was wir nach meinem Namen sagen, bleibt einen Tag lang als Text auf diesem Gerät, "
            "und du kannst es mich löschen lassen."
        ),
    ),
    (
        "Lösche, was ich heute gesagt habe",
        {"which": "today", "conversations_deleted": 3},
        "Gelöscht: Was du heute gesagt hast, ist weg, 3 Gespräche.",
    ),
    ("Wann geht die Sonne auf?", {**SUN, "date": "2026-11-22"}, "Heute ging die Sonne um 7 Uhr 41 auf."),
    ("Wann geht morgen die Sonne auf?", {**SUN, "date": "2026-11-23"}, "Morgen geht die Sonne um 7 Uhr 41 auf."),
    ("Wann wird es heute dunkel?", {**SUN, "date": "2026-11-22"}, "Heute geht die Sonne um 15 Uhr 59 unter."),
    (
        "Wie lange ist es heute hell?",
        {**SUN, "date": "2026-11-22"},
        "Heute ist es 8 Stunden und 18 Minuten lang hell, von Sonnenaufgang bis Sonnenuntergang.",
    ),
    (
        "Wann geht morgen die Sonne auf?",
        {"place": "Tromsø", "date": "2026-11-23", "sun": "does not rise"},
        "Morgen geht die Sonne hier nicht auf: Es ist Polarnacht.",
    ),
    (
        "Stell einen Timer auf fünf Minuten",
        {"name": "fünf-Minuten-Timer", "seconds": 300},
        "Der Timer läuft: 5 Minuten.",
    ),
    (
        "Stell einen Timer auf eine Stunde",
        {"name": "ein-Stunden-Timer", "seconds": 3600},
        "Der Timer läuft: eine Stunde.",
    ),
    (
        "Stell einen Nudeltimer auf 90 Sekunden",
        {"name": "nudel", "seconds": 90},
        "Der Nudel-Timer läuft: eine Minute und 30 Sekunden.",
    ),
    ("Wie lange noch?", NOODLES, "Der Nudel-Timer läuft noch eine Minute und eine Sekunde."),
    (
        "Wie lange noch?",
        {"timers": [{"name": "ein-Minuten-Timer", "remaining_seconds": 42}]},
        "Der Ein-Minuten-Timer läuft noch 42 Sekunden.",
    ),
    ("Wie lange noch?", {"timers": [{"name": "", "remaining_seconds": 60}]}, "Noch eine Minute."),
    ("Wie lange noch?", {"timers": []}, "Es läuft kein Timer."),
    ("Wie lange läuft der Eiertimer noch?", NOODLES, "Es gibt keinen Eier-Timer."),
    ("Lösche den Timer", {"cancelled": ["nudel"]}, "Der Nudel-Timer ist gelöscht."),
    ("Lösche alle Timer", {"cancelled": ["nudel", "eier"]}, "Alle 2 Timer sind gelöscht."),
    ("Lösche den Timer", {"cancelled": []}, "Es lief kein Timer."),
    (
        "Weck mich morgen um halb sieben",
        {"time": "06:30", "date": "2026-11-23"},
        "Der Wecker klingelt morgen um 6 Uhr 30.",
    ),
    (
        "Weck mich am ersten Mai um acht",
        {"time": "08:00", "date": "2027-05-01"},
        "Der Wecker klingelt am Samstag, dem ersten Mai 2027, um 8 Uhr.",
    ),
    (
        "Erinnere mich in einer Stunde an die Pizza",
        {"text": "die pizza", "in_seconds": 3600},
        "Ich erinnere dich in einer Stunde: die pizza.",
    ),
    ("Mach lauter", {"percent": 60}, "Lautstärke 60 Prozent."),
    ("Mikrofon aus", {}, "Das Mikrofon ist stumm."),
    ("Wie spät ist es?", {"time": "01:01", "date": "2026-03-03"}, "Es ist ein Uhr 1."),
    ("Wie spät ist es?", {"time": "00:00", "date": "2026-03-03"}, "Es ist Mitternacht."),
    ("Wie spät ist es?", {"time": "21:00", "date": "2026-03-03"}, "Es ist 21 Uhr."),
    ("Welches Datum haben wir?", {"time": "08:00", "date": "2025-03-03"}, "Heute ist Montag, der dritte März 2025."),
    ("Stell einen Timer auf fünf Minuten", {"error": "it is broken"}, "Das hat leider nicht geklappt."),
]


@pytest.mark.parametrize(("text", "call"), CALLS.items())
async def test_what_is_said_becomes_a_call(brain, tools, text, call):
    items = await ask(brain, text, tools)
    assert [(item.name, json.loads(item.arguments)) for item in items if isinstance(item, Call)] == [call]


@pytest.mark.parametrize(("text", "answer"), ANSWERS.items())
async def test_what_is_answered(brain, text, answer):
    assert await said(brain, text) == answer


@pytest.mark.parametrize(("text", "output", "answer"), OUTPUTS)
async def test_what_is_said_of_outputs(brain, tools, text, output, answer):
    call = next(item for item in await ask(brain, text, tools) if isinstance(item, Call))
    turns = [
        Turn("user", text),
        Turn("assistant", call_id="1", name=call.name, arguments=call.arguments),
        Turn("tool", json.dumps(output), call_id="1"),
    ]
    assert await said(brain, turns, tools) == answer


async def test_two_things_in_one_breath(brain, tools):
    items = await ask(brain, "Stell einen Timer auf fünf Minuten und dann mach lauter", tools)
    assert [(item.name, json.loads(item.arguments)) for item in items] == [timer(300), LOUDER]


async def test_the_answer_to_a_question(brain, tools):
    turns = [Turn("user", "Stell einen Timer"), Turn("assistant", "Für wie lange?"), Turn("user", "zehn Minuten")]
    assert await said(brain, turns[:1], tools) == "Für wie lange?"
    assert [(item.name, json.loads(item.arguments)) for item in await ask(brain, turns, tools)] == [timer(600)]
    assert await said(brain, "zehn Minuten", tools) == "Das weiß ich leider nicht."


def test_all_replies_can_be_said():
    """There is each intent and phrase of the English ones, filled in with what they have and no more."""
    german, english = load_language("de"), load_language("en")
    assert set(german.phrases) == set(english.phrases)
    assert set(german.intents) == set(english.intents)
    for key, phrases in german.phrases.items():
        known = set(re.findall(r"{\w+}", " ".join(english.phrases[key])))
        assert set(re.findall(r"{\w+}", " ".join(phrases))) <= known, key
    for intent in german.intents.values():
        for reply in intent.replies:
            assert reply.format(name="Jarvis")[0].isupper()


def test_the_point_after_a_day_ends_no_sentence():
    end = re.compile(load_language("de").heard.sentence_end, re.IGNORECASE)
    assert clauses("Am 1. Mai. Danke!", end) == [["Am 1. Mai"], ["Danke"]]
    assert clauses("Stell ihn auf 5. Danke", end) == [["Stell ihn auf 5"], ["Danke"]]


@pytest.mark.parametrize("text", ["Würfel bitte", "wirf einen Würfel"])
async def test_a_die_is_thrown(brain, text):
    assert await said(brain, text) in {f"Eine {n}." for n in range(1, 7)}


@pytest.mark.parametrize(
    "text",
    [
        "Hilfe, ich bin gestürzt",
        "Ruf die 112 an",
        "Es brennt in der Küche",
        "Hilfe!",
        "Meine Frau kriegt keine Luft",
        "Opa ist die Treppe runtergefallen und steht nicht mehr auf",
        "Die Kleine hat Spülmittel getrunken",
        "Aus dem Ofen kommt Rauch",
    ],
)
async def test_in_an_emergency_it_says_that_it_cannot_call(brain, text):
    answer = await said(brain, text)
    assert "kann niemanden anrufen" in answer
    assert "112" in answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Weck mich gestern um sieben", "Diese Zeit ist schon vorbei."),
        ("Stell einen Wecker auf den 3. März 2020 um 8 Uhr", "Diese Zeit ist schon vorbei."),
        ("Weck mich am 31. Februar um sieben", "Dieses Datum gibt es nicht."),
        ("Erinnere mich am dreißigsten Februar an die Miete", "Dieses Datum gibt es nicht."),
    ],
)
async def test_an_alarm_that_cannot_be_is_refused(brain, tools, text, answer):
    assert await said(brain, text, tools) == answer


async def refusals():
    """Yield what tools say of all that they refuse, but for what only a model can ask for."""
    device = Machine()
    long, many = "x" * 201, [f"thing {n}" for n in range(100)]
    for _ in range(20):
        yield await device.call("set_timer", seconds=60)
    yield await device.call("set_timer", seconds=60, name="x" * 100)
    yield await device.call("cancel_timer", name="tea")
    yield await device.call("change_timer", name="tea", add_seconds=60)
    yield await device.call("change_timer", add_seconds=-86_000)
    yield await device.call("add_to_list", items=["x" * 121])
    yield await device.call("add_to_list", items=["the"])
    yield await device.call("add_to_list", items=["milk"], list="x" * 90)
    for n in range(31):
        yield await device.call("add_to_list", items=["milk"], list=f"n{n}")
    for n in range(11):
        yield await device.call("add_to_list", items=[f"{thing} {n}" for thing in many])
    yield await device.call("set_reminder", text=long, time="08:00")
    yield await device.call("set_alarm", time="08:00", date="2020-01-01")
    yield await device.call("set_alarm", time="08:00", date="2026-02-31")
    yield await device.call("set_alarm", time="08:00", date="2999-01-01")
    for n in range(60):
        yield await device.call("set_alarm", time=f"08:{n:02}")
        yield await device.call("set_alarm", time=f"09:{n:02}")
    device.time = device.time.replace(year=1970)
    yield await device.call("get_time")


async def test_what_tools_refuse_is_said_in_german(brain, tools):
    told = {output["error"] async for output in refusals() if "error" in output}
    assert len(told) >= 11, told
    asked = [Turn("user", "Wie spät ist es?"), Turn("assistant", call_id="1", name="get_time", arguments="{}")]
    for error in told:
        answer = await said(brain, [*asked, Turn("tool", json.dumps({"error": error}), call_id="1")], tools)
        assert answer not in {"Das hat leider nicht geklappt.", error}, error
        assert len(answer) < 120


FREELY = [
    (("mach mir bitte einen Timer für die Nudeln, acht Minuten",), "set_timer", {"seconds": 480}, "Nudeln-Timer"),
    (("ich bräuchte noch einen Timer über zwanzig Minuten",), "set_timer", {"seconds": 1200}, "20 Minuten"),
    (("stell einen Timer auf zehn Minuten", "und noch einen für fünf Minuten"), "set_timer", {"seconds": 300}, "5"),
    (
        ("stell einen Timer auf zehn Minuten", "mach zwei Minuten mehr draus"),
        "change_timer",
        {"add_seconds": 120},
        "12",
    ),
    (("stell einen Timer auf zehn Minuten", "verkürz ihn um zwei Minuten"), "change_timer", {"add_seconds": -120}, "8"),
    (("stell einen Timer auf zehn Minuten", "stopp den Timer kurz"), "change_timer", {"pause": True}, "steht still"),
    (("stell einen Timer auf zehn Minuten", "den brauche ich nicht mehr"), "cancel_timer", {}, "gelöscht"),
    (("stell einen Timer auf zehn Minuten", "wie steht's um den Timer"), "list_timers", {}, "noch 10 Minuten"),
    (("stell einen Timer auf zehn Minuten", "nein, fünfzehn"), "change_timer", {"seconds": 900}, "15 Minuten"),
    (("ich möchte morgen um acht geweckt werden",), "set_alarm", {"time": "08:00", "date": "2026-11-25"}, "8 Uhr"),
    (("weck mich jeden Tag außer Sonntag um sieben",), "set_alarm", {"time": "07:00"}, "und Samstag um 7 Uhr"),
    (("weck mich um sieben, nein, um acht",), "set_alarm", {"time": "20:00"}, "20 Uhr"),
    (("weck mich um sieben", "mach lieber acht draus"), "set_alarm", {"instead": True}, "20 Uhr"),
    (("weck mich um sieben", "lösch den Wecker wieder"), "cancel_alarm", {"kind": "alarm"}, "gelöscht"),
    (
        ("vergiss nicht, mich in einer Stunde an die Wäsche zu erinnern",),
        "set_reminder",
        {"in_seconds": 3600},
        "Wäsche",
    ),
    (("könntest du ein wenig leiser sein",), "set_volume", {"change": -10}, "30 Prozent"),
    (("mach die Musik leiser",), "set_volume", {"change": -10}, "30 Prozent"),
    (("Windeln müssen noch auf die Liste",), "add_to_list", {}, "auf deine Einkaufsliste gesetzt"),
    (("setz Mehl auf die Liste", "und Hefe auch noch"), "add_to_list", {"items": ["Hefe"]}, "Hefe"),
    (("setz Milch auf die Einkaufsliste, nein, Butter",), "add_to_list", {"items": ["Butter"]}, "Butter"),
    (("setz Brot auf die Einkaufsliste", "Brot haben wir schon"), "remove_from_list", {}, "gestrichen"),
    (("lösch bitte die ganze Einkaufsliste",), "clear_list", {"list": "Einkaufsliste"}, "leer"),
    (("kannst du mir die genaue Uhrzeit verraten",), "get_time", {}, "10 Uhr 14"),
    (
        ("ich brauch in zwölf Minuten 'ne Erinnerung, den Herd auszumachen",),
        "set_reminder",
        {"in_seconds": 720},
        "Herd",
    ),
    (
        ("jeden Dienstagabend um acht soll ich den Müll rausbringen, erinner mich dran",),
        "set_reminder",
        {"time": "20:00", "repeat": "tuesday"},
        "20 Uhr",
    ),
    (("ich muss Montag um fünf Uhr zwanzig hoch",), "set_alarm", {"time": "05:20"}, "5 Uhr 20"),
    (("weck mich morgen um sieben", "den Wecker um sieben brauch ich doch nicht"), "cancel_alarm", {}, "gelöscht"),
    (
        ("stell einen Nudeltimer auf neun Minuten", "wie lange dauert's noch, bis die Nudeln fertig sind"),
        "list_timers",
        {},
        "9",
    ),
    (
        ("stell einen Timer auf zehn Minuten", "häng beim Timer noch fünf Minuten dran"),
        "change_timer",
        {"add_seconds": 300},
        "15",
    ),
    (("stell noch einen zweiten Timer, für die Nudeln, neun Minuten",), "set_timer", {"seconds": 540}, "9 Minuten"),
    (("mach das Ganze ein bisschen leiser",), "set_volume", {"change": -10}, "30 Prozent"),
    (("dreh die Lautstärke auf dreißig Prozent runter",), "set_volume", {"percent": 30}, "30 Prozent"),
    (("stell dich auf Stufe sieben",), "set_volume", {"percent": 70}, "70 Prozent"),
    (
        ("auf den Einkaufszettel kommt noch ein Kilo Mehl und ein Päckchen Hefe",),
        "add_to_list",
        {"items": ["Kilo Mehl", "Päckchen Hefe"]},
        "Hefe",
    ),
    (
        ("setz Brot auf die Liste", "das Brot kannst du von der Liste nehmen, das hab ich schon"),
        "remove_from_list",
        {},
        "gestrichen",
    ),
    (("setz Eier auf die Einkaufsliste", "lies mir vor, was ich besorgen soll"), "read_list", {}, "Eier"),
    (("erinnere mich um sechs an die Katze", "woran musst du mich heute noch erinnern"), "list_alarms", {}, "Katze"),
    (
        ("stell einen Nudeltimer auf neun Minuten", "die Nudeln sind fertig, mach den Timer aus"),
        "cancel_timer",
        {},
        "Nudel",
    ),
]


@pytest.mark.parametrize(("texts", "tool", "arguments", "answer"), FREELY, ids=[texts[-1] for texts, *_ in FREELY])
async def test_what_is_asked_freely_is_done(texts, tool, arguments, answer):
    conversation = Conversation(Sentences("de", ["Jarvis"], lambda: BEGIN), Household("de"))
    for text in texts[:-1]:
        await conversation.ask(text)
    outcome = await conversation.ask(texts[-1])
    (call,) = outcome.called
    assert (call.tool, call.arguments | arguments, call.done) == (tool, call.arguments, True)
    assert answer in outcome.answer


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("stell zwei Timer, einen auf fünf und einen auf acht Minuten", [300, 480]),
        ("stell zwei Timer auf fünf und acht Minuten", [300, 480]),
        ("stell einen Timer auf zwei Stunden und acht Minuten", [7680]),
    ],
)
async def test_of_two_timers_the_first_is_as_long_as_its_unit_says_later(text, seconds):
    outcome = await Conversation(Sentences("de", ["Jarvis"], lambda: BEGIN), Household("de")).ask(text)
    assert [call.arguments["seconds"] for call in outcome.called] == seconds


@pytest.mark.parametrize(
    "text",
    [
        "mein Chef hat gesagt ich soll einen Timer stellen",
        "ich habe gestern den Wecker überhört",
        "meine Mutter sagt ihr Timer läuft zehn Minuten",
        "wir haben heute noch einen Timer auf der Arbeit gebraucht",
        "wenn der Timer klingelt, nimm den Kuchen raus",
        "der Wecker hat um sieben geklingelt und ich war schon wach",
    ],
)
@pytest.mark.parametrize("before", [(), ("stell einen Timer auf zehn Minuten",), ("setz Milch auf die Einkaufsliste",)])
async def test_what_is_said_to_somebody_else_changes_nothing(text, before):
    conversation = Conversation(Sentences("de", ["Jarvis"], lambda: BEGIN), Household("de"))
    for earlier in before:
        await conversation.ask(earlier)
    assert not [
        call for call in (await conversation.ask(text)).called if call.tool not in {"list_timers", "list_alarms"}
    ]
