"""Draw invented people and courses, by language and subject."""

import unicodedata
from dataclasses import dataclass

_NO_DECOMPOSITION = str.maketrans(
    {"ß": "ss", "ø": "o", "ł": "l", "æ": "ae", "ð": "d", "þ": "th", "\u0131": "i", "đ": "d"}
)


@dataclass(frozen=True, slots=True)
class Name:
    """A name and how it is written in addresses, where its script is not Latin."""

    shown: str
    latin: str

    @classmethod
    def read(cls, text: str) -> "Name":
        """Read `name` or `name=latin`."""
        shown, _, latin = text.partition("=")
        return cls(shown, ascii_letters(latin or shown))


def ascii_letters(text: str) -> str:
    """Write a name in small ASCII letters."""
    parts = unicodedata.normalize("NFKD", text.lower().translate(_NO_DECOMPOSITION))
    return "".join(c for c in parts if "a" <= c <= "z")


def _names(first: str, last: str) -> tuple[tuple[Name, ...], tuple[Name, ...]]:
    return tuple(map(Name.read, first.split(","))), tuple(map(Name.read, last.split(",")))


LANGUAGES = (
    _names(
        "Amelia,Oliver,Isla,George,Freya,Harry,Niamh,Callum,Rhiannon,Alfie,Poppy,Rory,Beatrix,Edmund",
        "Ashdown,Fairweather,O'Rourke,MacNair,Thistlewood,Penhallow,Birch-Hale,Winterbourne,Lockley,Marsh,Hollis",
    ),
    _names(
        "Jürgen,Anneliese,Björn,Käthe,Lukas,Mia,Jörg,Sophie,Günter,Hannelore,Tim,Lea",
        "Müller-Brandt,Groß,Schäferling,Königsmark,Weißhaupt,Lindenau,Österreicher,Fuchsberger,Hölzl,von Ahrendt",
    ),
    _names(
        "Élodie,François,Chloé,Rémi,Noëlle,Gaël,Anaïs,Benoît,Océane,Théo,Inès,Loïc",
        "Lefèvre,d'Aubrac,Châtelain,Beauséjour,Rivière,Garçonnet,de la Tour,Mélinand,Forêt,Boisclair",
    ),
    _names(
        "José,María,Íñigo,Begoña,Álvaro,Lucía,Joaquín,Ximena,Raúl,Pilar,Andrés,Noemí",
        "Núñez Prado,Ibáñez,Castellón,Peñalba,Echeverría,Quiñones,del Río,Güell,Arístegui,Montaña",
    ),
    _names(
        "João,Conceição,Luís,Inês,Tomé,Beatriz,Gonçalo,Mafalda,Vítor,Graça",
        "Sardinha,Magalhães,Brandão,Conceição,Vasconcelos,do Vale,Serpa,Patrício,Leitão,Queirós",
    ),
    _names(
        "Łukasz,Żaneta,Paweł,Świętosława,Michał,Grażyna,Rafał,Małgorzata,Jędrzej,Zofia",
        "Wróblewicz,Dąbrowiec,Żurawski,Łęcki,Ostrowin,Kąkol,Śliwowski,Gołębiarz,Brzozowicz,Mądry",
    ),
    _names(
        "Søren,Åse,Bjørk,Øystein,Freja,Håkon,Signe,Mårten,Þóra,Linnéa",
        "Nørdahl,Ågren,Østerby,Bergström,Kjærgård,Sjöholm,Jónsdóttir,Holmøy,Lindqvist,Væring",
    ),
    _names(
        "Çağla,Emre,Gülşen,İbrahim,Özge,Şirin,Umut,Yiğit,Asuman,Doğan",
        "Yavuzoğlu,Çelikkaya,Öztuna,Şahinbaş,Güneşli,Karadağ,Gözlükçü,Demirsoy,Akgül,Ünver",
    ),
    _names(
        "佳奈=Kana,翔太=Shota,美咲=Misaki,大輔=Daisuke,さくら=Sakura,健二=Kenji,陽菜=Hina,悠斗=Yuto",
        "桜庭=Sakuraba,御手洗=Mitarai,小鳥遊=Takanashi,東雲=Shinonome,一ノ瀬=Ichinose,白鳥=Shiratori,花園=Hanazono",
    ),
    _names(
        "Олена=Olena,Дмитро=Dmytro,Світлана=Svitlana,Ярослав=Yaroslav,Наталія=Nataliia,Богдан=Bohdan,Зоряна=Zoriana",
        "Вербицька=Verbytska,Криниченко=Krynychenko,Лугова=Luhova,Степовик=Stepovyk,Зоренко=Zorenko,Гайова=Haiova",
    ),
    _names(
        "Ελένη=Eleni,Νίκος=Nikos,Δάφνη=Dafni,Στέλιος=Stelios,Ιφιγένεια=Ifigeneia,Θάνος=Thanos",
        "Καλογιάννη=Kalogianni,Μαυρομάτης=Mavromatis,Θαλασσινού=Thalassinou,Ξενάκης=Xenakis,Λευκαδίτη=Lefkaditi",
    ),
    _names(
        "ليلى=Layla,يوسف=Yusuf,نور=Nur,كريم=Karim,سلمى=Salma,طارق=Tariq,هالة=Hala",
        "الزيتوني=Alzaytuni,البحري=Albahri,الرفاعي=Alrifai,النجار=Alnajjar,القمري=Alqamari,الوردي=Alwardi",
    ),
)

SUBJECTS = (
    ("ANT", "Anthropology"),
    ("ART", "Art History"),
    ("AST", "Astronomy"),
    ("BIO", "Biology"),
    ("CHE", "Chemistry"),
    ("CSC", "Computer Science"),
    ("ECO", "Economics"),
    ("EDU", "Education"),
    ("ENG", "English Literature"),
    ("GEO", "Geography"),
    ("HIS", "History"),
    ("LAW", "Law & Society"),
    ("LIN", "Linguistics"),
    ("MAT", "Mathematics"),
    ("MED", "Medicine"),
    ("MUS", "Music"),
    ("PHI", "Philosophy"),
    ("PHY", "Physics"),
    ("PSY", "Psychology"),
    ("SOC", "Sociology"),
)
