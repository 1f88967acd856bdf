"""The words of the grammar, as plain tables: add a row, and the grammar uses it.

Columns are separated by `|`; an empty cell is a column's usual value, and a backslash
continues a row. Several rows with the same English word are its meanings, and the words
around it decide which one is meant: *to play* the guitar is `tocar`, *to play* football
is `jugar`.
"""

import dataclasses

# The plural is given if it is not regular. `kinds` say what a noun is; verbs and
# adjectives choose their nouns by kind or by name. The counter is what Korean counts it
# with (책 두 권, two books); without one, the noun is not counted at all. "at" and "on"
# are what English says before a place; without them it says "in".
NOUNS = """
english   | plural   | spanish       | korean   | counter | kinds
teacher   |          | profesora f   | 교사     | 명 | person adult known
doctor    |          | médica f      | 의사     | 명 | person adult known
nurse     |          | enfermero m   | 간호사   | 명 | person adult
student   |          | estudiante m  | 학생     | 명 | person
friend    |          | amiga f       | 친구     | 명 | person friend
lawyer    |          | abogada f     | 변호사   | 명 | person adult known
girl      |          | chica f       | 소녀     | 명 | person
boy       |          | chico m       | 소년     | 명 | person
woman     | women    | mujer f       | 여자     | 명 | person adult
man       | men      | hombre m      | 남자     | 명 | person adult
child     | children | niño m        | 아이     | 명 | person
painter   |          | pintora f     | 화가     | 명 | person adult artist
singer    |          | cantante f    | 가수     | 명 | person adult artist
writer    |          | escritor m    | 작가     | 명 | person adult artist
actor     |          | actor m       | 배우     | 명 | person adult artist
scientist |          | científica f  | 과학자   | 명 | person adult artist
journalist |         | periodista m  | 기자     | 명 | person adult artist
baker     |          | panadera f    | 제빵사   | 명 | person adult
dancer    |          | bailarín m    | 무용수   | 명 | person adult artist
farmer    |          | granjero m    | 농부     | 명 | person adult
sister    |          | hermana f     | 여동생   | 명 | person family
brother   |          | hermano m     | 남동생   | 명 | person family
dog       |          | perro m       | 개       | 마리 | animal pet
cat       |          | gato m        | 고양이   | 마리 | animal pet
horse     |          | caballo m     | 말       | 마리 | animal pet
bird      |          | pájaro m      | 새       | 마리 | animal
rabbit    |          | conejo m      | 토끼     | 마리 | animal pet
mouse     | mice     | ratón m       | 쥐       | 마리 | animal
monkey    |          | mono m        | 원숭이   | 마리 | animal
cow       |          | vaca f        | 소       | 마리 | animal
turtle    |          | tortuga f     | 거북이   | 마리 | animal
apple     |          | manzana f     | 사과     | 개 | food
egg       |          | huevo m       | 달걀     | 개 | food
cake      |          | pastel m      | 케이크   | 개 | food
sandwich  |          | bocadillo m   | 샌드위치 | 개 | food
tomato    | tomatoes | tomate m      | 토마토   | 개 | food
bread     |          | pan m         | 빵       |    | food
cheese    |          | queso m       | 치즈     |    | food
soup      |          | sopa f        | 수프     |    | food
coffee    |          | café m        | 커피     |    | drink
tea       |          | té m          | 차       |    | drink
water     |          | agua f        | 물       |    | drink
milk      |          | leche f       | 우유     |    | drink
book      |          | libro m       | 책       | 권 | printed text thing portable
novel     |          | novela f      | 소설     | 권 | printed text portable
newspaper |          | periódico m   | 신문     | 부 | printed text portable
letter    |          | carta f       | 편지     | 통 | text mail
message   |          | mensaje m     | 메시지   | 통 | text mail
poem      |          | poema m       | 시       | 편 | text
letter    |          | letra f       | 글자     | 개 | sign
shirt     |          | camisa f      | 셔츠     | 벌 | clothes portable
coat      |          | abrigo m      | 외투     | 벌 | clothes portable
hat       |          | sombrero m    | 모자     | 개 | clothes small-thing portable
ring      |          | anillo m      | 반지     | 개 | jewel small-thing portable
watch     |          | reloj m       | 시계     | 개 | jewel small-thing device portable
bag       |          | bolso m       | 가방     | 개 | small-thing container portable
umbrella  |          | paraguas m    | 우산     | 개 | small-thing device portable
key       |          | llave f       | 열쇠     | 개 | small-thing tool portable
pen       |          | bolígrafo m   | 펜       | 개 | small-thing tool portable
knife     | knives   | cuchillo m    | 칼       | 개 | thing tool portable
map       |          | mapa m        | 지도     | 장 | small-thing portable
photo     |          | foto f        | 사진     | 장 | small-thing portable
gift      |          | regalo m      | 선물     | 개 | thing portable
flower    |          | flor f        | 꽃       | 송이 | thing portable
box       |          | caja f        | 상자     | 개 | thing container furniture \
portable
cup       |          | taza f        | 컵       | 개 | thing portable
chair     |          | silla f       | 의자     | 개 | furniture
table     |          | mesa f        | 탁자     | 개 | furniture
door      |          | puerta f      | 문       | 개 | part
window    |          | ventana f     | 창문     | 개 | part
car       |          | coche m       | 자동차   | 대 | vehicle
bicycle   |          | bicicleta f   | 자전거   | 대 | vehicle
train     |          | tren m        | 기차     | 대 | train
guitar    |          | guitarra f    | 기타     | 대 | instrument portable
piano     |          | piano m       | 피아노   | 대 | instrument
song      |          | canción f     | 노래     | 곡 | art
film      |          | película f    | 영화     | 편 | art
football  |          | fútbol m      | 축구     |    | game
chess     |          | ajedrez m     | 체스     |    | game
answer    |          | respuesta f   | 답       | 개 | fact
secret    |          | secreto m     | 비밀     | 개 | fact
house     |          | casa f        | 집       | 채 | place building home
school    |          | escuela f     | 학교     | 개 | place at building public
museum    |          | museo m       | 박물관   | 개 | place at building public
library   |          | biblioteca f  | 도서관   | 개 | place at building public
hospital  |          | hospital m    | 병원     | 개 | place at building public
bank      |          | banco m       | 은행     | 개 | place at building office
station   |          | estación f    | 역       | 개 | place at building
kitchen   |          | cocina f      | 부엌     | 개 | place home
garden    |          | jardín m      | 정원     | 개 | place outside home
park      |          | parque m      | 공원     | 개 | place outside
market    |          | mercado m     | 시장     | 개 | place at
beach     |          | playa f       | 해변     | 개 | place on outside
city      |          | ciudad f      | 도시     | 개 | place town
village   |          | pueblo m      | 마을     | 개 | place town
bank      |          | orilla f      | 강가     |    | riverside outside on
"""

# What stands after `/` is the Korean irregular class. A verb is used in both tenses,
# unless `use` says `state` (present only) or `event` (past only). In `use` there are
# also: `where` (may take a place); `to`, `at`, `live` (needs one, of this kind); `with`
# (company); `receiver`; `person` (personal *a*); and `subject` (the object is the
# subject in Korean, as in 책이 필요해요). The tool is what it can be done with.
VERBS = """
english | past | spanish | korean | subjects | objects | tool | use
eat | ate | comer | 먹다 | person animal | food |  | where with
drink | drank | beber | 마시다 | person | drink |  | where with
drink | drank | beber | 마시다 | animal | water milk |  | where
make | made | hacer | 만들다 | person | cake sandwich soup bread cheese |  | where with
cut | cut | cortar | 자르다/르 | person | bread cheese cake apple tomato sandwich \
| knife
buy | bought | comprar | 사다 | person | food drink portable furniture vehicle \
instrument horse cow rabbit house |  |
sell | sold | vender | 팔다 | person | food portable furniture vehicle instrument \
horse cow rabbit house |  |
bring | brought | traer | 가져오다 | person | food drink portable message chair |  |
need | needed | necesitar | 필요하다 | person | portable vehicle furniture water milk \
bread instrument |  | state subject
read | read | leer | 읽다 | person | text |  | where
write | wrote | escribir | 쓰다 | person | letter message poem novel book | pen | \
where
send | sent | enviar | 보내다 | person | mail portable |  | receiver
give | gave | dar | 주다 | person | portable food coffee tea water chair bicycle |  | \
receiver
show | showed | mostrar | 보여 주다 | person | portable poem message house vehicle \
animal garden kitchen |  | receiver
open | opened | abrir | 열다 | person | door window box bag | key |
close | closed | cerrar | 닫다 | person | door window box |  |
clean | cleaned | limpiar | 청소하다 | person | house kitchen garden |  |
clean | cleaned | limpiar | 닦다 | person | window table chair car bicycle door |  |
wash | washed | lavar | 씻다 | person | cup apple tomato |  |
wash | washed | lavar | 빨다 | person | shirt coat |  |
wash | washed | lavar | 씻기다 | person | dog cat horse |  | where person
repair | repaired | reparar | 고치다 | person | car bicycle watch chair table door \
window guitar piano umbrella |  |
break | broke | romper | 깨뜨리다 | person animal | cup window |  | event
break | broke | romper | 망가뜨리다 | person | chair umbrella watch guitar bicycle |  \
| event
lose | lost | perder | 잃어버리다 | person | portable |  | event
find | found | encontrar | 찾다 | person | portable message |  | event where
find | found | encontrar | 찾다 | person | pet turtle |  | event where person
draw | drew | dibujar | 그리다 | person | animal portable house vehicle train \
furniture apple tomato egg garden |  | where
see | saw | ver | 보다 | person animal | person animal |  | where person
see | saw | ver | 보다 | person | film portable vehicle train furniture house cake |  \
| where
hear | heard | oír | 듣다/ㄷ | person | song message poem answer |  | where
sing | sang | cantar | 부르다/르 | person | song |  | where with
sing | sang | cantar | 노래하다 | person |  |  | where with
play | played | tocar | 치다 | person | guitar piano |  | where with
play | played | jugar a | 하다 | person | football | | where with
play | played | jugar a | 두다 | person | chess | | where with
learn | learned | aprender | 배우다 | person | song poem chess |  | where
learn | learned | aprender | 배우다 | girl boy child | sign |  | where
know | knew | saber | 알다 | person | fact |  | state
know | knew | conocer | 알다 | person | person |  | state person
know | knew | conocer | 알다 | person | city village museum park |  | state
love | loved | querer | 사랑하다 | person | family friend pet child |  | state person
like | liked | gustar | 좋아하다 | person | food drink animal flower text art park \
beach city |  | state
help | helped | ayudar | 돕다/ㅂ | person | person |  | where person
visit | visited | visitar | 방문하다 | person | town museum library school |  | with
visit | visited | visitar | 방문하다 | person | known friend family farmer |  | with \
person
follow | followed | seguir | 따라가다 | person animal | person animal |  | person
wait for | waited | esperar | 기다리다 | person | person |  | where person
wait for | waited | esperar | 기다리다 | person | train mail answer |  | where
miss | missed | perder | 놓치다 | person | train |  | event
miss | missed | echar de menos | 그리워하다 | person | known friend family pet child \
|  | state person
wear | wore | llevar | 입다 | person | shirt coat |  |
wear | wore | llevar | 쓰다 | person | hat |  |
wear | wore | llevar | 차다 | person | watch |  |
wear | wore | llevar | 끼다 | person | ring |  |
run | ran | dirigir | 운영하다 | adult | public |  |
run | ran | correr | 뛰다 | person animal |  |  | where with
walk | walked | caminar | 걷다/ㄷ | person |  |  | where with
sleep | slept | dormir | 자다 | person animal |  |  | where
dance | danced | bailar | 춤추다 | person |  |  | where with
cry | cried | llorar | 울다 | person |  |  | where
work | worked | trabajar | 일하다 | adult |  |  | at with
live | lived | vivir | 살다 | person |  |  | live state
go | went | ir | 가다 | person |  |  | to with
arrive | arrived | llegar | 도착하다 | person |  |  | to event
"""
# The Spanish forms for yo, tú, ella and ellas that are not regular.
IRREGULAR = """
spanish | present | past
perder | pierdo pierdes pierde pierden
encontrar | encuentro encuentras encuentra encuentran
hacer | hago haces hace hacen | hice hiciste hizo hicieron
traer | traigo traes trae traen | traje trajiste trajo trajeron
leer |  | leí leíste leyó leyeron
enviar | envío envías envía envían
dar | doy das da dan | di diste dio dieron
mostrar | muestro muestras muestra muestran
cerrar | cierro cierras cierra cierran
ver | veo ves ve ven | vi viste vio vieron
oír | oigo oyes oye oyen | oí oíste oyó oyeron
jugar | juego juegas juega juegan
saber | sé sabes sabe saben | supe supiste supo supieron
conocer | conozco conoces conoce conocen
querer | quiero quieres quiere quieren | quise quisiste quiso quisieron
seguir | sigo sigues sigue siguen | seguí seguiste siguió siguieron
dirigir | dirijo diriges dirige dirigen
dormir | duermo duermes duerme duermen | dormí dormiste durmió durmieron
ir | voy vas va van | fui fuiste fue fueron
"""

# The Spanish adjective follows its noun unless `spanish` says before. `is` is the verb
# of *the soup is hot*: ser for what something is like, estar for the state it is in;
# without one the adjective only stands beside its noun.
ADJECTIVES = """
english | spanish | is | korean | nouns
red | rojo | ser | 빨갛다/ㅎ | clothes bag umbrella flower box cup chair door vehicle \
apple
blue | azul | ser | 파랗다/ㅎ | clothes bag umbrella box cup chair door vehicle pen bird
yellow | amarillo | ser | 노랗다/ㅎ | clothes bag umbrella flower cup chair bird vehicle
white | blanco | ser | 하얗다/ㅎ | clothes bag flower box cup table door car animal
black | negro | ser | 까맣다/ㅎ | clothes bag umbrella pen table car animal piano
big | grande | ser | 크다 | animal building town portable furniture vehicle apple egg \
cake sandwich tomato garden park market
small | pequeño | ser | 작다 | animal building town portable furniture vehicle apple \
egg cake sandwich tomato garden park market
long | largo | ser | 길다 | text art coat table knife
short | corto | ser | 짧다 | text art coat pen
short | bajo | ser | 키가 작다 | person
tall | alto | ser | 키가 크다 | person
new | nuevo | | 새 | portable vehicle furniture instrument building song film poem \
message
old | viejo | | 오래되다 | portable vehicle furniture instrument building song film \
poem cheese
old | viejo | | 늙다 | animal
young | joven | ser | 젊다 | adult
expensive | caro | ser | 비싸다 | portable vehicle instrument furniture food coffee \
tea house
cheap | barato | ser | 싸다 | portable vehicle instrument furniture food coffee tea
clean | limpio | estar | 깨끗하다 | shirt coat cup window table kitchen car beach
dirty | sucio | estar | 더럽다/ㅂ | shirt coat cup window table kitchen car chair
heavy | pesado | ser | 무겁다/ㅂ | container furniture coat
light | ligero | ser | 가볍다/ㅂ | container chair coat bicycle umbrella
light | luminoso | ser | 밝다 | house kitchen school library museum
empty | vacío | | 비다 | container cup
hot | caliente | estar | 뜨겁다/ㅂ | soup coffee tea milk water
cold | frío | estar | 차갑다/ㅂ | soup coffee tea milk water
delicious | delicioso | estar | 맛있다 | food coffee tea
interesting | interesante | ser | 재미있다 | text film museum city
sad | triste | ser | 슬프다 | song film poem novel letter
sad | triste | estar | 슬프다 | person
happy | feliz | estar | 행복하다 | person
beautiful | hermoso | ser | 아름답다/ㅂ | flower song poem town beach garden park \
jewel clothes horse bird house photo cup
famous | famoso | ser | 유명하다 | artist song film novel museum poem
kind | amable | ser | 친절하다 | person
clever | inteligente | ser | 똑똑하다 | person animal
brave | valiente | ser | 용감하다 | person animal
lazy | perezoso | ser | 게으르다/르 | person animal
strange | extraño | ser | 이상하다 | animal portable text art building town
tired | cansado | estar | 피곤하다 | person
sick | enfermo | estar | 아프다 | person
busy | ocupado | estar | 바쁘다 | person
good | bueno before | | 좋다 | printed film song known friend artist
great | grande before | | 훌륭하다 | artist lawyer doctor museum film novel
"""
COLOURS = ("red", "blue", "yellow", "white", "black")
OPPOSITES = """
big small, long short, tall short, expensive cheap, clean dirty, heavy light, hot cold,
sad happy
"""

# When: English, Spanish, Korean, and the tense.
TIMES = """
english | spanish | korean | tense
yesterday | ayer | 어제 | past
last night | anoche | 어젯밤에 | past
last week | la semana pasada | 지난주에 | past
this morning | esta mañana | 오늘 아침에 | past
every day | todos los días | 매일 | present
on Sundays | los domingos | 일요일마다 | present
in the evening | por la noche | 저녁에 | present
"""

NUMBERS = {
    2: ("two", "dos", "두"),
    3: ("three", "tres", "세"),
    4: ("four", "cuatro", "네"),
}

# Two things that one does with the same object, one after the other.
THEN = """
buy read, buy eat, buy drink, buy give, buy wear, find read, make eat, wash eat,
cut eat, write send, repair sell, find give, wash wear, draw give
"""
# What makes somebody feel so. Whoever is tired, sick or busy does not do other things.
CAUSES = """
tired: work run walk dance clean repair
happy: find dance sing visit learn
sad: lose break miss
"""


@dataclasses.dataclass(frozen=True, eq=False)
class Noun:
    """A noun in three languages; one meaning of its English word."""

    english: str
    english_plural: str
    spanish: str
    gender: str
    korean: str
    counter: str
    kinds: frozenset


@dataclasses.dataclass(frozen=True, eq=False)
class Verb:
    """A verb in three languages, and what it goes with.

    Attributes:
        objects: the nouns that it takes as object; empty if it takes none.
        use: what the comment above the table of verbs explains.
    """

    english: str
    past: str
    spanish: str
    korean: str
    subjects: tuple
    objects: tuple
    tool: Noun | None
    use: frozenset


@dataclasses.dataclass(frozen=True, eq=False)
class Adjective:
    """An adjective in three languages, and the nouns that it can describe."""

    english: str
    spanish: str
    is_before: bool
    copula: str
    korean: str
    nouns: tuple


def _rows(table):
    """Yield the rows of a table as dicts from the name of a column to its cell."""
    lines = [[cell.strip() for cell in line.split("|")] for line in table.split("\n")]
    names, *rows = [cells for cells in lines if len(cells) > 1]
    for cells in rows:
        cells += [""] * (len(names) - len(cells))
        yield dict(zip(names, cells, strict=True))


def english_plural(noun):
    """Return the regular plural of an English noun: books, boxes, cities, days."""
    if noun.endswith(("s", "x", "ch", "sh")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"


def _noun(row):
    spanish, gender = row["spanish"].split()
    return Noun(
        row["english"],
        row["plural"] or english_plural(row["english"]),
        spanish,
        gender,
        row["korean"],
        row["counter"],
        frozenset(row["kinds"].split()),
    )


NOUN_LIST = tuple(map(_noun, _rows(NOUNS)))


def nouns(names):
    """Return the nouns that have one of some kinds or names, in the table's order.

    Args:
        names: kinds and English words, separated by spaces. An English word means the
            first noun of that name.

    Raises:
        ValueError: a name is neither a kind nor a word of the table.
    """
    found = set()
    for name in names.split():
        named = [noun for noun in NOUN_LIST if noun.english == name][:1]
        of_kind = [noun for noun in NOUN_LIST if name in noun.kinds]
        if not named and not of_kind:
            raise ValueError(f"{name!r} is neither a noun nor a kind of noun.")
        found.update(of_kind or named)
    return tuple(noun for noun in NOUN_LIST if noun in found)


def _verb(row):
    tool = nouns(row["tool"])
    return Verb(
        row["english"],
        row["past"],
        row["spanish"],
        row["korean"],
        nouns(row["subjects"]),
        nouns(row["objects"]),
        tool[0] if tool else None,
        frozenset(row["use"].split()),
    )


def _adjective(row):
    spanish, _, before = row["spanish"].partition(" ")
    return Adjective(
        row["english"],
        spanish,
        before == "before",
        row["is"],
        row["korean"],
        nouns(row["nouns"]),
    )


IRREGULAR_FORMS = {
    (row["spanish"], tense): row[tense].split()
    for row in _rows(IRREGULAR)
    for tense in ("present", "past")
    if row[tense]
}
VERB_LIST = tuple(map(_verb, _rows(VERBS)))
ADJECTIVE_LIST = tuple(map(_adjective, _rows(ADJECTIVES)))
TIME_LIST = tuple(tuple(row.values()) for row in _rows(TIMES))
OPPOSITE_PAIRS = [set(pair.split()) for pair in OPPOSITES.split(",")]
THEN_PAIRS = [tuple(pair.split()) for pair in THEN.split(",")]
CAUSE_LISTS = {
    name.strip(): verbs.split()
    for name, verbs in (line.split(":") for line in CAUSES.strip().split("\n"))
}
