"""
The form of a configuration file: its tables and keys, and what each may hold.

Only shapes are looked at here; tables.py applies them to a file. What needs two keys stands in
consistency.py, what needs two tables in references.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    create_model,
)

from monitor.config import checks
from monitor.config.checks import SecretRef
from monitor.config.mistakes import Mistake
from monitor.config.words import WrongValueError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.config.words import KeyPath

_DURATION = WithJsonSchema({"type": "string", "pattern": "^([0-9]+[smhdw])+$", "examples": ["15m", "72h"]})
_RATE = WithJsonSchema({"type": "string", "examples": ["20/1h", "off"]})
_TEXT = WithJsonSchema({"type": "string", "minLength": 1})
_TIME = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}
_TEXTS = {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}
_SOURCES = [
    {
        "type": "object",
        "properties": {kind: {"type": "string"}},
        "required": [kind],
        "additionalProperties": False,
    }
    for kind in checks.SECRET_KINDS
]

Text = Annotated[str, PlainValidator(checks.text), _TEXT]
Line = Annotated[str, PlainValidator(checks.line), _TEXT]
Name = Annotated[str, PlainValidator(checks.name), _TEXT]
EntityName = Annotated[str, PlainValidator(checks.entity_name), _TEXT]
HeaderName = Annotated[str, PlainValidator(checks.header_name), _TEXT]
Texts = Annotated[list[Text], Field(min_length=1)]
TextOrTexts = Annotated[
    list[str], PlainValidator(checks.text_or_texts), WithJsonSchema({"anyOf": [{"type": "string"}, _TEXTS]})
]
Duration = Annotated[float, PlainValidator(checks.duration), _DURATION]
Span = Annotated[float, PlainValidator(checks.span), _DURATION]
SpanOrOff = Annotated[float | None, PlainValidator(checks.span_or_off), WithJsonSchema({"type": "string"})]
Rate = Annotated[str, PlainValidator(checks.rate), _RATE]
RateOrOff = Annotated[str, PlainValidator(checks.rate_or_off), _RATE]
FirstPoll = Annotated[
    str,
    PlainValidator(checks.first_poll),
    WithJsonSchema({"type": "string", "pattern": "^(baseline|alert|([0-9]+[smhdw])+)$"}),
]
ClockTime = Annotated[str, PlainValidator(checks.clock_time), WithJsonSchema(_TIME)]
EndTime = Annotated[
    str,
    PlainValidator(checks.end_time),
    WithJsonSchema({**_TIME, "pattern": "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"}),
]
ClockTimes = Annotated[
    list[str],
    PlainValidator(checks.clock_times),
    WithJsonSchema({"anyOf": [_TIME, {"type": "array", "items": _TIME}]}),
]
Days = Annotated[list[str], PlainValidator(checks.days), WithJsonSchema(_TEXTS)]
Zone = Annotated[str, PlainValidator(checks.timezone), _TEXT]
Language = Annotated[str, PlainValidator(checks.language), _TEXT]
Cidr = Annotated[str, PlainValidator(checks.cidr), _TEXT]
Database = Annotated[str, PlainValidator(checks.database), _TEXT]
Listen = Annotated[str, PlainValidator(checks.listen), WithJsonSchema({"type": "string"})]
Template = Annotated[str, PlainValidator(checks.template), _TEXT]
SecretValue = Annotated[
    str | SecretRef, PlainValidator(checks.secret), WithJsonSchema({"anyOf": [{"type": "string"}, *_SOURCES]})
]
Count = Annotated[int, Field(ge=1, le=1000)]
Level = Literal["low", "normal", "high", "urgent"]


class Table(BaseModel):
    """A table of the file: unknown keys are mistakes, nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class Monitor(Table):
    """What concerns the whole: where state is kept, time zone, languages, how long things stay."""

    database: Database = "tocsin.db"
    timezone: Zone | None = None
    languages: list[Language] = []
    contact: Line | None = None
    retention: Span = 90 * 86400.0


class Polling(Table):
    """How feeds are polled."""

    every: Span = 900.0
    fastest: Span = 300.0
    slowest: Span = 3600.0
    first_poll: FirstPoll = "baseline"
    concurrency: Count = 32
    per_host: Count = 2
    per_host_gap: Duration = 1.0
    allow_private: list[Cidr] = []


class Auth(Table):
    """User name and password for a feed."""

    user: SecretValue
    password: SecretValue


class Feed(Table):
    """One source that is polled."""

    url: SecretValue
    name: Name | None = None
    tags: Texts | None = None
    every: Span | None = None
    first_poll: FirstPoll | None = None
    language: Language | None = None
    headers: dict[HeaderName, SecretValue] = {}
    auth: Auth | None = None
    proxy: SecretValue | None = None
    enabled: bool = True
    full_text: Literal["auto", "always", "never"] = "auto"


class Opml(Table):
    """A file of feeds exported from a reader."""

    file: Line
    tags: Texts | None = None


class Context(Table):
    """The company an entity's alias must keep to count."""

    require_any: Texts | None = None
    near: Annotated[int, Field(ge=0)] | None = None
    unless: TextOrTexts | None = None


class Entity(Table):
    """A named thing with its aliases: @name in a query."""

    aliases: Texts
    not_in: Texts | None = None
    context: Context | None = None


class RuleTest(Table):
    """A text that must match, or must not."""

    match: Text | None = None
    no_match: Text | None = None


class Near(Table):
    """Two groups of terms that must stand close together."""

    a: TextOrTexts
    b: TextOrTexts
    within: Annotated[int, Field(ge=0, le=1000)] = 5
    ordered: bool = False


class AtLeast(Table):
    """How often terms must occur."""

    count: Count
    of: TextOrTexts


class Rule(Table):
    """What to look for, as a query or as lists, and how much it matters."""

    name: Name
    query: Text | None = None
    any: Texts | None = None
    all: Texts | None = None
    none: Texts | None = None
    near: list[Near] | None = None
    atleast: AtLeast | None = None
    scope: Literal["title", "summary", "lead", "body", "text"] | None = None
    feeds: Texts | None = None
    tags: Texts | None = None
    lang: list[Language] | None = None
    severity: Level = "normal"
    weak: Literal["hold", "alert", "ignore"] = "hold"
    updates: Literal["substance", "all", "none"] = "substance"
    budget: RateOrOff | None = None
    secret: bool = False
    allow_channels: list[Text] | None = None
    enabled: bool = True
    tests: list[RuleTest] = []


class MessageTemplate(Table):
    """The wording of a channel's messages."""

    title: Template | None = None
    body: Template | None = None


class Channel(Table):
    """A destination of alerts."""

    type: Literal["apprise", "webhook", "terminal", "file"] = "apprise"
    url: SecretValue | None = None
    password: SecretValue | None = None
    secret: SecretValue | None = None
    path: Line | None = None
    fallback: Text | None = None
    template: MessageTemplate | None = None


class Match(Table):
    """Which alerts a route takes: keys are AND, values of one key are OR."""

    severity: TextOrTexts | None = None
    rule: TextOrTexts | None = None
    tag: TextOrTexts | None = None
    feed: TextOrTexts | None = None
    lang: TextOrTexts | None = None
    entity: TextOrTexts | None = None
    kind: TextOrTexts | None = None


class Route(Table):
    """Chooses channels for alerts; the first that matches wins."""

    channels: list[Text]
    match: Match = Match()
    continue_: Annotated[bool, Field(alias="continue")] = False
    digest: ClockTimes | None = None
    group: Span | None = None
    group_by: Literal["rule", "story", "feed"] | None = None


class Stories(Table):
    """When several articles are one story."""

    window: SpanOrOff = 72 * 3600.0


class Alerts(Table):
    """How many alerts at once, and when the digest comes."""

    budget: RateOrOff = "20/1h"
    digest: ClockTime = "08:00"


class Pages(Table):
    """How many full-text pages may be fetched."""

    per_host: Rate = "30/1h"
    total: Rate = "2000/1d"
    deadline: Span = 6 * 3600.0


class Notices(Table):
    """Where Tocsin speaks about itself."""

    channels: list[Text]


class Quiet(Table):
    """When channels hold what they would send."""

    channels: list[Text]
    from_: Annotated[ClockTime, Field(alias="from")]
    to: EndTime
    days: Days | None = None
    timezone: Zone | None = None
    let_through: list[Level] = []


class Log(Table):
    """How much is logged, and in what form."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "text", "json", "journal"] = "auto"


class Metrics(Table):
    """Where metrics are served."""

    listen: Listen = ""


class Deadman(Table):
    """An address that is pinged after each healthy cycle."""

    url: SecretValue


class Canary(Table):
    """A piece of news that Tocsin sends itself every so often, and an alarm where it does not arrive."""

    channels: list[Text]
    every: Span = 3600.0


SINGLE: dict[str, type[Table]] = {
    "monitor": Monitor, "polling": Polling, "stories": Stories, "alerts": Alerts, "pages": Pages,
    "notices": Notices, "log": Log, "metrics": Metrics, "deadman": Deadman, "canary": Canary,
}  # fmt: skip
LISTED: dict[str, type[Table]] = {"feeds": Feed, "opml": Opml, "rules": Rule, "routes": Route}
NAMED: dict[str, type[Table]] = {"entities": Entity, "channels": Channel, "quiet_hours": Quiet}
PLAIN = ("include", "entity_packs")

_TEXT_LIST: TypeAdapter[list[str]] = TypeAdapter(Texts)
_NAME: TypeAdapter[str] = TypeAdapter(Name)
_ENTITY_NAME: TypeAdapter[str] = TypeAdapter(EntityName)
T = TypeVar("T", bound=Table)


def read_table(model: type[T], value: object, path: KeyPath) -> tuple[T | None, list[Mistake]]:
    """The table at `path` if it has the right form, else every mistake in it."""
    try:
        return model.model_validate(value), []
    except ValidationError as error:
        return None, _mistakes(error, path)


def read_texts(value: object, path: KeyPath) -> tuple[list[str] | None, list[Mistake]]:
    """The list of texts at `path`, or every mistake in it."""
    try:
        return _TEXT_LIST.validate_python(value), []
    except ValidationError as error:
        return None, _mistakes(error, path)


def wrong_name(key: str, name: str) -> list[Mistake]:
    """What is wrong with the name of a table under `key`, e.g. of [channels.NAME]."""
    try:
        (_ENTITY_NAME if key == "entities" else _NAME).validate_python(name)
    except ValidationError as error:
        return _mistakes(error, (key, name))
    return []


def fields_of(model: Any) -> dict[str, Any]:
    """The keys of a table with the models they hold; nothing where `model` is none."""
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return {}
    infos = model.model_fields.items()
    return {info.alias or key: next(_models_in(info.annotation), None) for key, info in infos}


def raw_json_schema() -> dict[str, Any]:
    """The JSON Schema of a configuration file as the models give it; jsonschema.py makes it readable."""
    fields: dict[str, Any] = {key: (Texts, []) for key in PLAIN}
    fields |= {key: (model, None) for key, model in SINGLE.items()}
    fields |= {key: (list[model], []) for key, model in LISTED.items()}  # type: ignore[valid-type]
    fields |= {key: (dict[str, model], {}) for key, model in NAMED.items()}  # type: ignore[valid-type]
    whole = create_model("Tocsin", __config__=ConfigDict(extra="forbid"), **fields)
    return whole.model_json_schema()


def _mistakes(error: ValidationError, path: KeyPath) -> list[Mistake]:
    """Pydantic's account in our words: path in the file, kind, and what is behind it."""
    found = []
    for raw in error.errors(include_url=False):
        context = raw.get("ctx") or {}
        at = raw["loc"]
        if at and at[-1] == "[key]":  # a key that is no header name may be a token in the wrong place
            at = at[:-2]
        wrong = context.get("error")
        mistake = Mistake(
            path=(*path, *at),
            kind=raw["type"],
            value=raw["input"],
            wrong=wrong if isinstance(wrong, WrongValueError) else None,
            expected=str(context.get("expected", "")),
            limit=context.get("ge", context.get("le")),
        )
        found.append(mistake)
    return found


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)
