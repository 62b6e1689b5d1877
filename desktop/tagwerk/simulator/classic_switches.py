"""The switches of the classic interface (``/WinCCRestService``): its unknown shapes and its faults.

Nearly every answer of that interface is unknown beyond the values of tags; what the plain server
gives is invented, and so is each variant here, unless its source says F (seen in the field) or V
(the maker's own word). ``§C1`` is access, ``§C2`` calls and lists, ``§C3`` values of tags and
writes, ``§C4`` archives, ``§C5`` messages. Played by the package `classic`.
"""

from __future__ import annotations

from tagwerk.simulator.switch import Group, Switch, choice, flag, number, text

CLASSIC_GROUPS: dict[Group, tuple[Switch, ...]] = {
    Group.CLASSIC_ACCESS: (
        # Invented: which of the two ways in an administrator has closed, and what a 401 says then.
        choice("classic-auth", "§C1 G", "Basic is refused, Bearer is refused, or a 401 names another scheme or none", "basic-refused bearer-refused negotiate no-challenge", default="basic-refused"),
        # Invented: the status of a missing right.
        choice("classic-denied-as", "§C1 G", "status of a call that the user has no right to, instead of 403", "401 404 500", default="401"),
        choice("classic-service", "§C1 F", "the service is not in the start-up list: its port is closed, or another program answers", "off 404 503 html", default="off"),
        choice("classic-path", "§C1 G", "the service lies at another path", "/ /WinCCRestService/V1 /rest", default="/WinCCRestService/V1"),
        # Invented: the field mixes upper and lower case freely; these servers would mind.
        choice("classic-case", "§C1 G", "a path in another case than the documented one is redirected or not found", "redirect 404", default="redirect"),
        choice("classic-slash", "§C1 G", "a path that ends with a slash is redirected or not found; or one that does not", "redirect 404 wanted", default="redirect"),
        choice("classic-encoded-slash", "§C1 G", "a path with an encoded slash in a name is refused before the service sees it", "404 400", default="404"),
        text("classic-not-offered", "§C2 G", "calls that this version does not have, parted by commas, * for any text", "alarmLogging/*"),
        choice("classic-not-offered-as", "§C2 G", "how calls are answered that are not offered, instead of 404", "405 501 400 empty html", default="405"),
        text("classic-zone", "§C4 G", "the plant's time zone, where it is not this computer's", "America/New_York", pattern=r"[A-Za-z_+\-0-9]+(/[A-Za-z_+\-0-9]+)*"),
    ),
    Group.CLASSIC_REPLIES: (
        # Invented, all of them: how the same content may be wrapped and spelled.
        choice("classic-wrapper", "§C3 G", "arrays come in an object, under one of these names or the list's own", "values value items data own", default="values"),
        choice("classic-single-as", "§C2 G", "what is asked for by its name comes as a list of one, or in an object", "list value", default="list"),
        choice("classic-keys", "§C3 F", "names of members are spelled in another way", "lower upper camel pascal snake", default="lower"),
        flag("classic-numbers-as-text", "§C3 F", "all numbers but values come as text: codes, types, qualities, counts"),
        flag("classic-more-keys", "§C3 G", "answers carry members that nobody knows"),
        choice("classic-errors-as", "§C2 G", "the body of an answer that is no success, instead of JSON", "html text empty problem", default="html"),
        number("classic-empty-every", "§C3 F", "each so manieth answer is 200 with an empty body", "5", least=1, whole=True),
        number("classic-names-limit", "§C3 G", "so many names a call at most; more are answered 400", "100", least=1, whole=True),
        number("classic-slow-name", "§C3 F", "milliseconds that each name of a call takes", "2"),
        # Invented: whether slow calls hold up others is known only from servers that felt so.
        flag("classic-one-by-one", "§C3 G", "calls are done one after another, however many are sent at once"),
    ),
    Group.CLASSIC_LISTS: (
        # Invented: nobody knows where the next continuation point stands. Without the switch an
        # array says nothing, and the point is the number of the elements before it.
        choice("classic-paging", "§C2 G", "where the next continuation point stands", "member next-member camel-next nested header x-header link last-element ignored repeats", default="member"),
        choice("classic-end", "§C2 G", "how the last page says that it is the last; repeats begins anew, empty needs one more call", "null text zero same repeats empty-page", default="null"),
        choice("classic-point", "§C2 G", "what a continuation point is", "name token page-number", default="token"),
        number("classic-page", "§C2 G", "so many elements a page at most, whatever itemLimit says", "100", least=1, whole=True),
        choice("classic-list-as", "§C2 G", "lists hold bare names, objects with a plain name, or an object by name", "names name map", default="names"),
        choice("classic-empty-list", "§C2 G", "a list without elements is null, an empty object, an empty body, or 404", "null object empty 404", default="null"),
        choice("classic-groups-as", "§C2 G", "a variable does not tell its group or connection, or tells them nested", "absent empty nested", default="absent"),
    ),
    Group.CLASSIC_VALUES: (
        choice("classic-value-as", "§C3 F", "values come as text: with a point, or as this plant's language writes them", "text comma", default="text"),
        choice("classic-bool-as", "§C3 G", "values of bits are numbers, words, or -1 for true", "number word minus-one", default="number"),
        choice("classic-quality-as", "§C3 F", "how a quality code is written", "hex text camel signed word null absent", default="hex"),
        # Invented: only that times without a zone occur is known.
        choice("classic-time-as", "§C3 G", "how times are written; those without a zone are the plant's", "no-zone utc-no-zone offset seconds fraction7 space german us epoch-ms filetime null absent", default="no-zone"),
        choice("classic-data-type-as", "§C3 G", "how the type of a variable is written", "text name null absent", default="name"),
        choice("classic-missing-rows", "§C3 F", "rows that an answer lacks: unknown names, bad ones, each seventh, all", "unknown bad some all", default="unknown"),
        choice("classic-error-as", "§C3 G", "error on success is null or empty; on failure an object, German, another member, or absent", "null empty object german message absent", default="null"),
        choice("classic-errorcode-as", "§C3 G", "how the error code is written; success means absent where all is well", "text hex null success", default="text"),
        choice("classic-name-echo", "§C3 G", "names in answers are in another case, or carry the computer's name", "upper lower computer", default="upper"),
    ),
    Group.CLASSIC_WRITES: (
        choice("classic-write-status", "§C3 G", "every write is refused as a whole by this status", "400 403 404 405 500", default="403"),
        choice("classic-write-refused", "§C3 F", "every write is answered 200 and not done: error with code 0, code without error, or both", "error code both", default="both"),
        choice("classic-write-reply", "§C3 G", "what a write that was done is answered with", "empty 204 no-code object names missing", default="empty"),
    ),
    Group.CLASSIC_ARCHIVES: (
        choice("classic-archive-keys", "§C4 G", "how the time of an archived value is called", "time timeStamp datetime t", default="time"),
        choice("classic-archive-shape", "§C4 G", "archived values stand flat beside their name, in columns, or by name", "flat columns map", default="flat"),
        choice("classic-archive-flags", "§C4 G", "an archived value has flags as a number or as words, or nothing but value and time", "number text bare", default="bare"),
        flag("classic-archive-empty", "§C4 G", "archives hold nothing"),
        number("classic-archive-cap", "§C4 G", "so many archived values a variable at most, whatever maxValues says", "1000", least=1, whole=True),
        choice("classic-archive-keeps", "§C4 G", "which values a capped answer holds: the newest instead of the oldest, or each so manieth", "newest spread", default="newest"),
        choice("classic-archive-order", "§C4 G", "archived values come newest first, mixed, or each twice", "reversed mixed twice", default="reversed"),
        choice("classic-archive-names", "§C4 G", "archived variables are named with their archive in answers, or wanted so in calls", "full wanted", default="full"),
        choice("classic-span-refused", "§C4 G", "begin and end with a zone, without one, or with a fraction are answered 400", "zone no-zone fraction", default="zone"),
    ),
    Group.CLASSIC_MESSAGES: (
        # Invented, all of them: nobody has published what an element of a message list looks like.
        choice("classic-message-keys", "§C5 G", "how a message's number, time and class are called", "short blocks german", default="short"),
        choice("classic-blocks", "§C5 G", "texts and process values of a message come as lists, by number, or by the block's name", "list numbered named flat", default="list"),
        choice("classic-state-as", "§C5 G", "how the state of a message is written", "text enum symbol german bits", default="text"),
        choice("classic-message-time", "§C5 G", "the time of a message is apart in date and time, with milliseconds apart, or of one state only", "split milliseconds one", default="split"),
        choice("classic-pending-as", "§C5 G", "the list of pending messages holds each change of state as an element", "events", default="events"),
        choice("classic-filters", "§C5 G", "filters configured in WinCC: none, one, or the list is not offered", "none one 404", default="none"),
        choice("classic-message-order", "§C5 G", "message archives come oldest first, or mixed", "oldest mixed", default="oldest"),
        choice("classic-limits-as", "§C5 G", "limit values are gathered by variable, or name their kind by words or numbers", "by-variable words numbers", default="by-variable"),
    ),
}  # fmt: skip
"""Switches that only the classic face knows; `switch_list` holds those that both know."""
