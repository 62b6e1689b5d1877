"""The GraphQL schema of a WinCC Unified runtime, as the demo server offers it.

The whole interface of V20 and later; switches take away what older versions lack. Types, fields,
arguments and defaults follow the vendor's schema; enum members are the interface's own words.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from graphql import GraphQLError, GraphQLSchema, ValueNode, build_schema
from graphql.utilities import value_from_ast_untyped

from tagwerk.domain.errors import UsageError
from tagwerk.domain.text import parse_time
from tagwerk.simulator.switches import Switches
from tagwerk.simulator.variants import UNKNOWN, is_unknown

LANGUAGES = ("en-US", "de-DE")

_ENUMS = {
    "ObjectTypesEnum": "TAG SIMPLETAG STRUCTURETAG TAGTYPE STRUCTURETAGTYPE SIMPLETAGTYPE ALARM ALARMCLASS LOGGINGTAG",
    "MainQualityEnum": "BAD UNCERTAIN GOOD_NON_CASCADE GOOD_CASCADE",
    "QualitySubStatusEnum": """NON_SPECIFIC CONFIGURATION_ERROR NOT_CONNECTED SENSOR_FAILURE DEVICE_FAILURE
        NO_COMMUNICATION_WITH_LAST_USABLE_VALUE NO_COMMUNICATION_NO_USABLE_VALUE OUT_OF_SERVICE
        LAST_USABLE_VALUE SUBSTITUTE_VALUE INITIAL_VALUE SENSOR_CONVERSION RANGE_VIOLATION SUB_NORMAL
        CONFIG_ERROR SIMULATED_VALUE SENSOR_CALIBRATION UPDATE_EVENT ADVISORY_ALARM CRITICAL_ALARM
        UNACK_UPDATE_EVENT UNACK_ADVISORY_ALARM UNACK_CRITICAL_ALARM INIT_FAILSAFE MAINTENANCE_REQUIRED
        INIT_ACKED INITREQ NOT_INVITED DO_NOT_SELECT LOCAL_OVERRIDE""",
    "QualityLimitEnum": "OK LOW_LIMIT_VIOLATION HIGH_LIMIT_VIOLATION CONSTANT",
    "QualityExtendedSubStatusEnum": """NON_SPECIFIC AGGREGATED_VALUE UNUSABLE_VALUE DISABLED MANUAL_INPUT
        CORRECTED_VALUE LAST_USABLE_VALUE INITIAL_VALUE""",
    "LoggedTagValuesSortingModeEnum": "TIME_ASC TIME_DESC",
    "LoggedTagValuesBoundingModeEnum": """NO_BOUNDING_VALUES LEFT_BOUNDING_VALUES RIGHT_BOUNDING_VALUES
        LEFTRIGHT_BOUNDING_VALUES""",
    "LoggedValueFlagEnum": """EXTRA CALCULATED PARTIAL BOUNDING NO_DATA FIRST_STORED LAST_STORED
        HAS_REF_TIMESTAMP IS_MULTIVALUE LAST_AGGREGATED_VALUE_BEFORE_VERY_LAST_CYCLE""",
    "AlarmStateEnum": """NORMAL RAISED RAISED_CLEARED RAISED_ACKNOWLEDGED RAISED_ACKNOWLEDGED_CLEARED
        RAISED_CLEARED_ACKNOWLEDGED REMOVED""",
    "AlarmStateMachineEnum": """RAISE RAISE_CLEAR RAISE_REQUIRES_ACKNOWLEDGMENT
        RAISE_CLEAR_OPTIONAL_ACKNOWLEDGMENT RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT
        RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT_AND_RESET""",
    "AlarmChangeReasonEnum": """ALARM_STATE_CHANGED_RAISE_EVENT ALARM_STATE_CHANGED_CLEAR_EVENT
        ALARM_STATE_CHANGED_ACKNOWLEDGE_EVENT ALARM_STATE_CHANGED_RESET_EVENT
        ALARM_STATE_CHANGED_REMOVE_EVENT ALARM_QUALITY_CHANGED ALARM_PARAMETER_VALUES_CHANGED
        ALARM_PRIORITY_CHANGED ALARM_SUPPRESSION_STATE_CHANGED ALARM_ESCALATION_REASON_CHANGED
        ALARM_ENABLE_STATE_CHANGED ALARM_CONFIGURATION_CHANGED ALARM_EXTERNAL_UPDATE""",
    "AlarmSourceTypeEnum": "TAG CONTROLLER SYSTEM SUMMARY_ALARM",
    "AlarmSuppressionStateEnum": "UNSUPPRESSED SUPPRESSED SHELVED SUPPRESSED_AND_SHELVED",
    "AlarmProducerEnum": """IEPCL_OR_USER_ALARM RSE WR_USMSG SIMOTION_CLASSIC SYS_DIAG SMC SECURITY SINUMERIC
        GRAPH PRO_DIAG WINCC""",
    "AlarmUserResponseEnum": "NONE ACKNOWLEDGEMENT RESET SINGLE_ACKNOWLEDGEMENT SINGLE_RESET",
    "ReduStateEnum": "ACTIVE PASSIVE",
}

_COMMON_ALARM_FIELDS = (
    """
  name: String
  instanceID: INSTANCE_ID
  alarmGroupID: Int
  raiseTime: Timestamp
  acknowledgmentTime: Timestamp
  clearTime: Timestamp
  resetTime: Timestamp
  modificationTime: Timestamp
  state: AlarmStateEnum
  textColor: Color
  backColor: Color
  languages: [String]
  alarmClassName: String
  alarmClassSymbol: [String]
  alarmClassID: Int
  stateMachine: AlarmStateMachineEnum
  priority: Int
  alarmParameterValues: [Variant]
  alarmType: [String]
  eventText: [String]
  infoText: [String]
"""
    + "".join(f"  alarmText{number}: [String]\n" for number in range(1, 10))
    + """  stateText: [String]
  origin: String
  area: String
  changeReason: [AlarmChangeReasonEnum]
  valueLimit: Variant
  sourceType: AlarmSourceTypeEnum
  suppressionState: AlarmSuppressionStateEnum
  hostName: String
  userName: String
  value: Variant
  valueQuality: Quality
  quality: Quality
  invalidFlags: AlarmInvalidFlags
  producer: AlarmProducerEnum
  duration: Timespan
  DURATION_ISO
"""
)
_ACTIVE_ONLY_FIELDS = """
  deadBand: Variant
  flashing: Boolean
  CONNECTION: String
  sourceID: String
  systemSeverity: Int
  loopInAlarm: String
  loopInAlarmParameterValues: Variant
  PATH: String
  userResponse: AlarmUserResponseEnum
"""

_SDL = """
"A value as bare JSON: number, boolean, string or array."
scalar Variant
"ISO 8601 in UTC; 1970-01-01T00:00:00.000Z means not set."
scalar Timestamp
"Units of 100 ns."
scalar Timespan
"ISO 8601 duration."
scalar TimespanIso
"#RRGGBBAA"
scalar Color

type Error { code: ERROR_CODE description: String }
type UserGroup { id: String name: String }
type User {
  id: String name: String groups: [UserGroup] fullName: String language: String autoLogoffSec: Int
}
type Session { user: User token: String expires: Timestamp error: Error }
type Nonce { value: String validFor: Int }
type Quality {
  quality: MainQualityEnum
  subStatus: QualitySubStatusEnum
  limit: QualityLimitEnum
  extendedSubStatus: QualityExtendedSubStatusEnum
  sourceQuality: Boolean
  sourceTime: Boolean
  timeCorrected: Boolean
}
input QualityInput { quality: MainQualityEnum! subStatus: QualitySubStatusEnum }
type Value { value: Variant timestamp: Timestamp quality: Quality }
type TagValueResult { name: String value: Value error: Error }
type TagValueNotification { name: String value: Value error: Error notificationReason: String }
input TagValueInput { name: String! value: Variant! timestamp: Timestamp quality: QualityInput }
type WriteTagValuesResult { name: String error: Error }
type BrowseTagsResult { name: String displayName: String objectType: String dataType: String }
type LoggedValue { value: Value flags: [LoggedValueFlagEnum] }
type LoggedTagValuesResult { loggingTagName: String error: Error values: [LoggedValue] }
type AlarmInvalidFlags {
  invalidConfiguration: Boolean
  invalidTimestamp: Boolean
  invalidAlarmParameter: Boolean
  invalidEventText: Boolean
}
type ActiveAlarm { ACTIVE_FIELDS }
type ActiveAlarmNotification { ACTIVE_FIELDS notificationReason: String }
type LoggedAlarm { LOGGED_FIELDS deadband: Variant hasComments: Boolean }
input AlarmIdentifierInput { name: String! instanceID: Int = 0 }
type AlarmMutationResult { alarmName: String alarmInstanceID: Int error: Error }
type AlarmConfigurationMutationResult { alarmName: String error: Error }
type ReduStateValue { value: ReduStateEnum timestamp: Timestamp }
type ReduStateNotification { value: ReduStateValue notificationReason: String }

type Query {
  session(allSessions: Boolean = false): [Session]
  nonce: Nonce
  IDENTITY
  tagValues(names: [String!]! DIRECT_READ): [TagValueResult]
  LOGGING
  BROWSE
  activeAlarms(
    systemNames: [String] = [] filterString: String = "" filterLanguage: String = "en-US"
    languages: [String] = ["en-US"]
  ): [ActiveAlarm]
  loggedAlarms(
    systemNames: [String] = [] filterString: String = "" filterLanguage: String = "en-US"
    languages: [String] = ["en-US"]
    startTime: Timestamp = "1970-01-01T00:00:00.000Z" endTime: Timestamp = "1970-01-01T00:00:00.000Z"
    maxNumberOfResults: Int = 0
  ): [LoggedAlarm]
}
type Mutation {
  login(username: String!, password: String!): Session
  loginSWAC(claim: String!, signedClaim: String!): Session
  extendSession: Session
  logout(allSessions: Boolean = false): Boolean
  writeTagValues(input: [TagValueInput]!, timestamp: Timestamp, quality: QualityInput): [WriteTagValuesResult]
  acknowledgeAlarms(input: [AlarmIdentifierInput]!): [AlarmMutationResult]
  resetAlarms(input: [AlarmIdentifierInput]!): [AlarmMutationResult]
  CONTROL
}
type Subscription {
  tagValues(names: [String!]!): PUSHED
  activeAlarms(
    systemNames: [String] = [] filterString: String = "" filterLanguage: String = "en-US"
    languages: [String] = ["en-US"]
  ): ActiveAlarmNotification
  REDU_STATE
}
"""

_BROWSE = """browse(
    nameFilters: [String] = [] objectTypeFilters: [ObjectTypesEnum] = [] baseTypeFilters: [String] = []
    language: String = "en-US"
  ): [BrowseTagsResult]"""
_LOGGING = """loggedTagValues(
    names: [String]! startTime: Timestamp = "1970-01-01T00:00:00.000Z"
    endTime: Timestamp = "1970-01-01T00:00:00.000Z" maxNumberOfValues: Int = 0
    sortingMode: LoggedTagValuesSortingModeEnum = TIME_ASC
    boundingValuesMode: LoggedTagValuesBoundingModeEnum = NO_BOUNDING_VALUES
  ): [LoggedTagValuesResult]"""

_CONTROL = """disableAlarms(names: [String]!): [AlarmConfigurationMutationResult]
  enableAlarms(names: [String]!): [AlarmConfigurationMutationResult]
  shelveAlarms(names: [String]!, shelveTimeout: Timespan = 0): [AlarmConfigurationMutationResult]
  unshelveAlarms(names: [String]!): [AlarmConfigurationMutationResult]"""


def schema_text(switches: Switches) -> str:
    """The schema in the schema definition language, as the switches make it."""
    old_alarms = switches.on("old-alarm-fields")
    v19 = switches.on("v19")
    pushes_lists = switches.on("push-list") or switches.on("push-together")
    active = _COMMON_ALARM_FIELDS + _ACTIVE_ONLY_FIELDS
    text = _SDL.replace("ACTIVE_FIELDS", active).replace("LOGGED_FIELDS", _COMMON_ALARM_FIELDS)
    places = {
        "DURATION_ISO": "" if v19 else "durationIso: TimespanIso",
        "CONNECTION": "connection" if old_alarms else "connectionName",
        "PATH": "tag" if old_alarms else "path",
        "IDENTITY": "" if v19 else "identityProviderURL: String",
        "DIRECT_READ": "" if switches.on("no-direct-read") else "directRead: Boolean = false",
        "LOGGING": "" if switches.on("no-logging") else _LOGGING,
        "BROWSE": "" if switches.on("no-browse") else _BROWSE,
        "CONTROL": "" if switches.on("no-alarm-control") else _CONTROL,
        "REDU_STATE": "" if switches.on("no-redu-state") else "reduState: ReduStateNotification",
        "INSTANCE_ID": "String" if switches.text("instance-id") == "text" else "Int",
        "ERROR_CODE": "Int" if switches.on("error-code-number") else "String",
        "PUSHED": "[TagValueNotification]" if pushes_lists else "TagValueNotification",
    }
    for place, meaning in places.items():
        text = text.replace(place, meaning)
    enums = "".join(
        f"enum {name} {{ {members} {_more_members(name, switches)} }}\n"
        for name, members in _ENUMS.items()
    )
    return text + enums


def _more_members(enum: str, switches: Switches) -> str:
    """What a newer server has in an enumeration, and no list knows."""
    what = {
        "MainQualityEnum": "quality",
        "QualitySubStatusEnum": "sub-status",
        "AlarmStateEnum": "state",
        "LoggedValueFlagEnum": "flag",
    }.get(enum, "")
    return UNKNOWN[what] if what and is_unknown(switches, what) else ""


def make_schema(switches: Switches) -> GraphQLSchema:
    """The executable schema, without resolvers; servers of the same switches share it."""
    return _built(schema_text(switches))


@lru_cache(maxsize=8)
def _built(text: str) -> GraphQLSchema:
    schema = build_schema(text)
    for name, check in (
        ("Timestamp", _timestamp),
        ("Timespan", _timespan),
        ("Variant", lambda value: value),
    ):
        _set_input(schema.type_map[name], check)
    return schema


def _set_input(scalar: object, check: Any) -> None:
    def from_literal(node: ValueNode, *_: Any) -> Any:
        return check(value_from_ast_untyped(node))

    for attribute in ("coerce_input_value", "parse_value"):
        setattr(scalar, attribute, check)
    for attribute in ("coerce_input_literal", "parse_literal"):
        setattr(scalar, attribute, from_literal)


def _timestamp(value: object) -> int:
    """ISO text to nanoseconds since 1970."""
    if not isinstance(value, str):
        raise GraphQLError("Timestamp wants a text in ISO 8601.")
    try:
        return parse_time(value)
    except UsageError as problem:
        raise GraphQLError(f"Timestamp cannot be read: {value!r}") from problem


def _timespan(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise GraphQLError("Timespan wants a whole number of 100 ns units.")
    return value
