//! The elements of the schema of BPMN 2.0.2 (`Semantic.xsd`, `BPMN20.xsd`): name, where it may be, what is done with it.

/// Name, parents, what is done.
type Row = (&'static str, &'static [&'static str], &'static str);
/// Name, parents, why it is refused, in Vietnamese and in English.
type Refusal = (&'static str, &'static [&'static str], &'static str, &'static str);

/// Activities.
#[rustfmt::skip]
pub(super) const ACTIVITIES: &[&str] = &[
    "task", "userTask", "manualTask", "serviceTask", "sendTask", "receiveTask", "scriptTask",
    "businessRuleTask", "subProcess", "transaction", "adHocSubProcess", "callActivity",
];
/// Activities with a body of their own.
#[rustfmt::skip]
pub(super) const SUB_PROCESSES: &[&str] = &["subProcess", "transaction", "adHocSubProcess"];
/// Tasks that call activities call.
#[rustfmt::skip]
pub(super) const GLOBAL_TASKS: &[&str] = &[
    "globalTask", "globalUserTask", "globalManualTask", "globalScriptTask", "globalBusinessRuleTask",
];
/// Events.
#[rustfmt::skip]
pub(super) const EVENTS: &[&str] = &[
    "startEvent", "intermediateCatchEvent", "boundaryEvent", "intermediateThrowEvent", "endEvent",
];
/// Gateways.
#[rustfmt::skip]
pub(super) const GATEWAYS: &[&str] = &[
    "exclusiveGateway", "parallelGateway", "inclusiveGateway", "complexGateway", "eventBasedGateway",
];
/// Event definitions.
#[rustfmt::skip]
pub(super) const EVENT_DEFINITIONS: &[&str] = &[
    "messageEventDefinition", "timerEventDefinition", "signalEventDefinition", "errorEventDefinition",
    "escalationEventDefinition", "conditionalEventDefinition", "linkEventDefinition",
    "compensateEventDefinition", "cancelEventDefinition", "terminateEventDefinition",
];
#[rustfmt::skip]
const ROOT: &[&str] = &["definitions"];
#[rustfmt::skip]
const SCOPES: &[&str] = &["process", "subProcess", "transaction", "adHocSubProcess"];
#[rustfmt::skip]
const FLOWS: &[&str] = &[
    "process", "subProcess", "transaction", "adHocSubProcess", "choreography", "globalChoreographyTask",
    "subChoreography",
];
#[rustfmt::skip]
const PARTS: &[&str] = &[
    "collaboration", "globalConversation", "process", "subProcess", "transaction", "adHocSubProcess",
    "choreography", "globalChoreographyTask", "subChoreography",
];
#[rustfmt::skip]
const COLLABORATIONS: &[&str] = &[
    "collaboration", "globalConversation", "choreography", "globalChoreographyTask",
];
#[rustfmt::skip]
const DEFINING: &[&str] = &[
    "definitions", "startEvent", "intermediateCatchEvent", "boundaryEvent", "intermediateThrowEvent",
    "endEvent", "implicitThrowEvent", "event",
];
#[rustfmt::skip]
const NODES: &[&str] = &[
    "task", "userTask", "manualTask", "serviceTask", "sendTask", "receiveTask", "scriptTask",
    "businessRuleTask", "subProcess", "transaction", "adHocSubProcess", "callActivity", "startEvent",
    "intermediateCatchEvent", "boundaryEvent", "intermediateThrowEvent", "endEvent", "exclusiveGateway",
    "parallelGateway", "inclusiveGateway", "complexGateway", "eventBasedGateway", "choreographyTask",
    "callChoreography", "subChoreography", "implicitThrowEvent", "event",
];
#[rustfmt::skip]
const FLOW_ELEMENTS: &[&str] = &[
    "task", "userTask", "manualTask", "serviceTask", "sendTask", "receiveTask", "scriptTask",
    "businessRuleTask", "subProcess", "transaction", "adHocSubProcess", "callActivity", "startEvent",
    "intermediateCatchEvent", "boundaryEvent", "intermediateThrowEvent", "endEvent", "exclusiveGateway",
    "parallelGateway", "inclusiveGateway", "complexGateway", "eventBasedGateway", "choreographyTask",
    "callChoreography", "subChoreography", "sequenceFlow", "dataObject", "dataObjectReference",
    "dataStoreReference", "implicitThrowEvent", "event",
];
#[rustfmt::skip]
const OWNERS: &[&str] = &[
    "process", "task", "userTask", "manualTask", "serviceTask", "sendTask", "receiveTask", "scriptTask",
    "businessRuleTask", "subProcess", "transaction", "adHocSubProcess", "callActivity", "startEvent",
    "intermediateCatchEvent", "boundaryEvent", "intermediateThrowEvent", "endEvent", "implicitThrowEvent",
    "event",
];
#[rustfmt::skip]
const CALLABLES: &[&str] = &[
    "process", "globalTask", "globalUserTask", "globalManualTask", "globalScriptTask",
    "globalBusinessRuleTask",
];
#[rustfmt::skip]
const SPECIFIED: &[&str] = &[
    "process", "globalTask", "globalUserTask", "globalManualTask", "globalScriptTask",
    "globalBusinessRuleTask", "task", "userTask", "manualTask", "serviceTask", "sendTask", "receiveTask",
    "scriptTask", "businessRuleTask", "subProcess", "transaction", "adHocSubProcess", "callActivity",
];
#[rustfmt::skip]
const STATED: &[&str] = &[
    "dataObject", "dataObjectReference", "dataStore", "dataStoreReference", "property", "dataInput",
    "dataOutput", "inputDataItem", "outputDataItem",
];
#[rustfmt::skip]
const ROLES: &[&str] = &["resourceRole", "performer", "humanPerformer", "potentialOwner"];
#[rustfmt::skip]
const WITH_ROLES: &[&str] = &[
    "process", "globalTask", "globalUserTask", "globalManualTask", "globalScriptTask",
    "globalBusinessRuleTask", "task", "userTask", "manualTask", "serviceTask", "sendTask", "receiveTask",
    "scriptTask", "businessRuleTask", "subProcess", "transaction", "adHocSubProcess", "callActivity",
];
#[rustfmt::skip]
const CONVERSATIONS: &[&str] = &[
    "collaboration", "globalConversation", "choreography", "globalChoreographyTask", "subConversation",
];
#[rustfmt::skip]
const AUDITED: &[&str] = &[
    "process", "task", "userTask", "manualTask", "serviceTask", "sendTask", "receiveTask", "scriptTask",
    "businessRuleTask", "subProcess", "transaction", "adHocSubProcess", "callActivity", "startEvent",
    "intermediateCatchEvent", "boundaryEvent", "intermediateThrowEvent", "endEvent", "exclusiveGateway",
    "parallelGateway", "inclusiveGateway", "complexGateway", "eventBasedGateway", "choreographyTask",
    "callChoreography", "subChoreography", "sequenceFlow", "dataObject", "dataObjectReference",
    "dataStoreReference", "implicitThrowEvent", "event",
];
#[rustfmt::skip]
const INPUTS: &[&str] = &[
    "task", "userTask", "manualTask", "serviceTask", "sendTask", "receiveTask", "scriptTask",
    "businessRuleTask", "subProcess", "transaction", "adHocSubProcess", "callActivity",
    "intermediateThrowEvent", "endEvent", "implicitThrowEvent", "event",
];
#[rustfmt::skip]
const OUTPUTS: &[&str] = &[
    "task", "userTask", "manualTask", "serviceTask", "sendTask", "receiveTask", "scriptTask",
    "businessRuleTask", "subProcess", "transaction", "adHocSubProcess", "callActivity", "startEvent",
    "intermediateCatchEvent", "boundaryEvent",
];
#[rustfmt::skip]
const SETS_IN: &[&str] = &[
    "ioSpecification", "intermediateThrowEvent", "endEvent", "implicitThrowEvent", "event",
];
#[rustfmt::skip]
const SETS_OUT: &[&str] = &["ioSpecification", "startEvent", "intermediateCatchEvent", "boundaryEvent"];

/// What has an effect.
#[rustfmt::skip]
pub(super) const EXECUTED: &[Row] = &[
    ("definitions", &[], "the file"),
    ("process", ROOT, "what instances run through"),
    ("subProcess", SCOPES, "embedded, or an event sub-process with `triggeredByEvent`"),
    ("transaction", SCOPES, "a sub-process that can be cancelled; what was done is compensated"),
    ("adHocSubProcess", SCOPES, "its activities in any order, `ordering` and `completionCondition`"),
    ("callActivity", SCOPES, "runs a process or global task of this file, or of another, pinned at deployment"),
    ("task", SCOPES, "done as soon as it begins"),
    ("userTask", SCOPES, "work for somebody: claimed, assigned, completed"),
    ("manualTask", SCOPES, "work outside; somebody says when it is done"),
    ("serviceTask", SCOPES, "a job for a worker"),
    ("sendTask", SCOPES, "tells a message; without one a job"),
    ("receiveTask", SCOPES, "waits for a message; begins a process with `instantiate`"),
    ("scriptTask", SCOPES, "assigns the entries of a FEEL context"),
    ("businessRuleTask", SCOPES, "asks for a DMN decision; without one a job"),
    ("globalTask", ROOT, "a process of one node, for call activities"),
    ("globalUserTask", ROOT, "a process of one node, for call activities"),
    ("globalManualTask", ROOT, "a process of one node, for call activities"),
    ("globalScriptTask", ROOT, "a process of one node, for call activities"),
    ("globalBusinessRuleTask", ROOT, "a process of one node, for call activities"),
    ("script", &["scriptTask", "globalScriptTask"], "a FEEL context"),
    ("startEvent", FLOWS, "begins its scope: none, message, timer, signal, conditional; in event sub-processes error, escalation, compensation too"),
    ("intermediateCatchEvent", FLOWS, "waits: message, timer, signal, conditional, link"),
    ("intermediateThrowEvent", FLOWS, "tells: message, signal, escalation, compensation, link, none"),
    ("boundaryEvent", FLOWS, "waits on the border of an activity, interrupting or not"),
    ("endEvent", FLOWS, "ends a token, and tells: message, signal, error, escalation, compensation, cancel, terminate"),
    ("exclusiveGateway", FLOWS, "takes the first flow whose condition is true"),
    ("parallelGateway", FLOWS, "waits for all and takes all"),
    ("inclusiveGateway", FLOWS, "takes every flow whose condition is true; waits for what can still arrive"),
    ("complexGateway", FLOWS, "waits for its `activationCondition`"),
    ("eventBasedGateway", FLOWS, "the first event decides; begins a process with `instantiate`"),
    ("sequenceFlow", FLOWS, "leads a token from node to node"),
    ("conditionExpression", &["sequenceFlow"], "FEEL"),
    ("activationCondition", &["complexGateway"], "FEEL over `activationCount` and variables"),
    ("messageEventDefinition", DEFINING, "by the name of its message"),
    ("timerEventDefinition", DEFINING, "a date, a duration or a cycle, in calendar or working time"),
    ("signalEventDefinition", DEFINING, "by the name of its signal, to everyone who waits"),
    ("errorEventDefinition", DEFINING, "by its code, to the nearest that catches it"),
    ("escalationEventDefinition", DEFINING, "by its code, to the nearest that catches it"),
    ("conditionalEventDefinition", DEFINING, "when its condition becomes true"),
    ("linkEventDefinition", DEFINING, "goes on at the catching link of the same name"),
    ("compensateEventDefinition", DEFINING, "runs handlers in reverse order of completion"),
    ("cancelEventDefinition", DEFINING, "cancels a transaction"),
    ("terminateEventDefinition", DEFINING, "ends everything of its scope"),
    ("eventDefinitionRef", &["startEvent", "intermediateCatchEvent", "boundaryEvent", "intermediateThrowEvent", "endEvent", "implicitThrowEvent", "event"], "a definition that several events share"),
    ("timeDate", &["timerEventDefinition"], "ISO 8601, working time, or FEEL that yields it"),
    ("timeDuration", &["timerEventDefinition"], "ISO 8601, working time, or FEEL that yields it"),
    ("timeCycle", &["timerEventDefinition"], "ISO 8601, working time, or FEEL that yields it"),
    ("condition", &["conditionalEventDefinition", "complexBehaviorDefinition"], "FEEL"),
    ("message", ROOT, "its name, or id, is what both sides mean"),
    ("signal", ROOT, "its name, or id, is what both sides mean"),
    ("error", ROOT, "its code, name or id is what is caught"),
    ("escalation", ROOT, "its code, name or id is what is caught"),
    ("operationRef", &["messageEventDefinition"], "the message of the operation, where there is no `messageRef`"),
    ("interface", ROOT, "holds operations"),
    ("operation", &["interface"], "names a message for who refers to it"),
    ("inMessageRef", &["operation"], "the message of the operation"),
    ("collaboration", ROOT, "holds participants and message flows"),
    ("participant", COLLABORATIONS, "its name is the role in a process without lanes"),
    ("messageFlow", COLLABORATIONS, "names the message of its two ends where they name none"),
    ("laneSet", SCOPES, "holds lanes"),
    ("childLaneSet", &["lane"], "holds lanes"),
    ("lane", &["laneSet", "childLaneSet"], "its name is the role of its nodes"),
    ("flowNodeRef", &["lane"], "puts a node into a lane"),
    ("association", PARTS, "joins a compensation boundary event and its handler; else drawing"),
    ("standardLoopCharacteristics", ACTIVITIES, "again while the condition is true"),
    ("loopCondition", &["standardLoopCharacteristics"], "FEEL"),
    ("multiInstanceLoopCharacteristics", ACTIVITIES, "several times, one after another or at once"),
    ("loopCardinality", &["multiInstanceLoopCharacteristics"], "FEEL: how many"),
    ("loopDataInputRef", &["multiInstanceLoopCharacteristics"], "the list whose things are worked on"),
    ("loopDataOutputRef", &["multiInstanceLoopCharacteristics"], "the list that takes the results"),
    ("inputDataItem", &["multiInstanceLoopCharacteristics"], "the variable that holds one thing"),
    ("outputDataItem", &["multiInstanceLoopCharacteristics"], "the variable that is one result"),
    ("complexBehaviorDefinition", &["multiInstanceLoopCharacteristics"], "an event at each completed instance for which a condition is true"),
    ("event", &["complexBehaviorDefinition"], "what is told then"),
    ("completionCondition", &["multiInstanceLoopCharacteristics", "adHocSubProcess"], "FEEL: done before all are done"),
    ("dataObject", FLOWS, "a variable of its scope, by name and id"),
    ("dataObjectReference", FLOWS, "another name of its data object"),
    ("property", OWNERS, "a variable of its process, activity or event"),
    ("dataStore", ROOT, "what its references name"),
    ("dataStoreReference", FLOWS, "a variable of its scope, not shared between instances"),
    ("ioSpecification", SPECIFIED, "holds data inputs and outputs"),
    ("dataInput", &["ioSpecification", "intermediateThrowEvent", "endEvent", "implicitThrowEvent", "event"], "a variable of its activity or event"),
    ("dataOutput", &["ioSpecification", "startEvent", "intermediateCatchEvent", "boundaryEvent"], "a variable of its activity or event"),
    ("dataInputAssociation", INPUTS, "assigned when the activity begins"),
    ("dataOutputAssociation", OUTPUTS, "assigned when the activity is completed"),
    ("sourceRef", &["dataInputAssociation", "dataOutputAssociation"], "what is taken"),
    ("targetRef", &["dataInputAssociation", "dataOutputAssociation"], "what takes it"),
    ("transformation", &["dataInputAssociation", "dataOutputAssociation"], "FEEL: what is made of it on the way"),
    ("assignment", &["dataInputAssociation", "dataOutputAssociation"], "one value for one variable"),
    ("from", &["assignment"], "FEEL"),
    ("to", &["assignment"], "name of a variable"),
    ("extension", ROOT, "refused with `mustUnderstand`, else a declaration"),
];

/// What has none by definition.
#[rustfmt::skip]
pub(super) const INERT: &[Row] = &[
    ("documentation", &[], "documentation"),
    ("extensionElements", &[], "of other tools, kept"),
    ("incoming", NODES, "repeats what the flows say; a difference is a warning"),
    ("outgoing", NODES, "repeats what the flows say; a difference is a warning"),
    ("textAnnotation", PARTS, "documentation"),
    ("text", &["textAnnotation"], "documentation"),
    ("group", PARTS, "drawing"),
    ("category", ROOT, "sorts elements for the reader"),
    ("categoryValue", &["category"], "sorts elements for the reader"),
    ("categoryValueRef", FLOW_ELEMENTS, "sorts elements for the reader"),
    ("auditing", AUDITED, "what is recorded is everything, always"),
    ("monitoring", AUDITED, "what is measured is everything, always"),
    ("import", ROOT, "names other files; calls are linked by id at deployment"),
    ("relationship", ROOT, "documentation of other models"),
    ("source", &["relationship", "linkEventDefinition"], "links meet by name"),
    ("target", &["relationship", "linkEventDefinition"], "links meet by name"),
    ("itemDefinition", ROOT, "type of data; FEEL values carry theirs"),
    ("dataState", STATED, "a label of data"),
    ("inputSet", SETS_IN, "which inputs belong together; all are assigned"),
    ("outputSet", SETS_OUT, "which outputs belong together; all are assigned"),
    ("dataInputRefs", &["inputSet"], "which inputs belong together; all are assigned"),
    ("optionalInputRefs", &["inputSet"], "which inputs belong together; all are assigned"),
    ("whileExecutingInputRefs", &["inputSet"], "which inputs belong together; all are assigned"),
    ("outputSetRefs", &["inputSet"], "which inputs belong together; all are assigned"),
    ("dataOutputRefs", &["outputSet"], "which outputs belong together; all are assigned"),
    ("optionalOutputRefs", &["outputSet"], "which outputs belong together; all are assigned"),
    ("whileExecutingOutputRefs", &["outputSet"], "which outputs belong together; all are assigned"),
    ("inputSetRefs", &["outputSet"], "which outputs belong together; all are assigned"),
    ("supportedInterfaceRef", CALLABLES, "declares what a service offers"),
    ("ioBinding", CALLABLES, "declares what a service offers"),
    ("outMessageRef", &["operation"], "declares what a service answers"),
    ("errorRef", &["operation"], "declares what a service answers"),
    ("endPoint", ROOT, "address of a service, known to workers"),
    ("interfaceRef", &["participant"], "declares what a participant offers"),
    ("endPointRef", &["participant"], "declares what a participant offers"),
    ("participantMultiplicity", &["participant"], "how many partners there may be"),
    ("participantAssociation", &["collaboration", "globalConversation", "choreography", "globalChoreographyTask", "callChoreography", "callConversation"], "joins drawings of participants"),
    ("innerParticipantRef", &["participantAssociation"], "joins drawings of participants"),
    ("outerParticipantRef", &["participantAssociation"], "joins drawings of participants"),
    ("messageFlowAssociation", COLLABORATIONS, "joins drawings of message flows"),
    ("partnerEntity", ROOT, "names partners for the reader"),
    ("partnerRole", ROOT, "names partners for the reader"),
    ("participantRef", &["partnerEntity", "partnerRole", "choreographyTask", "callChoreography", "subChoreography", "conversation", "subConversation", "callConversation"], "names partners for the reader"),
    ("partitionElement", &["lane"], "what a lane stands for; its name counts"),
    ("supports", &["process"], "names a process that this one is a view of"),
    ("resource", ROOT, "who does work follows from lanes and the attribute `role`"),
    ("resourceParameter", &["resource"], "who does work follows from lanes and the attribute `role`"),
    ("resourceRole", WITH_ROLES, "who does work follows from lanes and the attribute `role`; a warning says so"),
    ("performer", WITH_ROLES, "who does work follows from lanes and the attribute `role`; a warning says so"),
    ("humanPerformer", WITH_ROLES, "who does work follows from lanes and the attribute `role`; a warning says so"),
    ("potentialOwner", WITH_ROLES, "who does work follows from lanes and the attribute `role`; a warning says so"),
    ("resourceRef", ROLES, "who does work follows from lanes and the attribute `role`"),
    ("resourceParameterBinding", ROLES, "who does work follows from lanes and the attribute `role`"),
    ("resourceAssignmentExpression", ROLES, "who does work follows from lanes and the attribute `role`"),
    ("expression", &["resourceAssignmentExpression", "resourceParameterBinding"], "who does work follows from lanes and the attribute `role`"),
    ("formalExpression", &["resourceAssignmentExpression", "resourceParameterBinding"], "who does work follows from lanes and the attribute `role`"),
    ("rendering", &["userTask", "globalUserTask"], "how a form looks; the attribute `form` names it"),
    ("choreography", ROOT, "a drawing of what partners agree on, kept and never run"),
    ("globalChoreographyTask", ROOT, "a drawing of what partners agree on, kept and never run"),
    ("globalConversation", ROOT, "a drawing of what partners agree on, kept and never run"),
    ("choreographyTask", &["choreography", "globalChoreographyTask", "subChoreography"], "part of a choreography"),
    ("callChoreography", &["choreography", "globalChoreographyTask", "subChoreography"], "part of a choreography"),
    ("subChoreography", &["choreography", "globalChoreographyTask", "subChoreography"], "part of a choreography"),
    ("choreographyRef", COLLABORATIONS, "part of a choreography"),
    ("messageFlowRef", &["choreographyTask", "conversation", "subConversation", "callConversation"], "part of a choreography or conversation"),
    ("conversation", CONVERSATIONS, "part of a conversation"),
    ("subConversation", CONVERSATIONS, "part of a conversation"),
    ("callConversation", CONVERSATIONS, "part of a conversation"),
    ("conversationAssociation", COLLABORATIONS, "part of a conversation"),
    ("conversationLink", COLLABORATIONS, "part of a conversation"),
];

/// What a file may not have.
#[rustfmt::skip]
pub(super) const REFUSED: &[Refusal] = &[
    ("correlationKey", &["collaboration", "globalConversation", "choreography", "globalChoreographyTask", "choreographyTask", "callChoreography", "subChoreography", "conversation", "subConversation", "callConversation"],
        "thông điệp được ghép bằng thuộc tính mở rộng `correlation`; hãy ghi biểu thức FEEL ở đó",
        "messages are matched by the extension attribute `correlation`; write a FEEL expression there"),
    ("correlationProperty", ROOT,
        "thông điệp được ghép bằng thuộc tính mở rộng `correlation`; hãy ghi biểu thức FEEL ở đó",
        "messages are matched by the extension attribute `correlation`; write a FEEL expression there"),
    ("correlationPropertyRef", &["correlationKey"],
        "thông điệp được ghép bằng thuộc tính mở rộng `correlation`; hãy ghi biểu thức FEEL ở đó",
        "messages are matched by the extension attribute `correlation`; write a FEEL expression there"),
    ("correlationPropertyRetrievalExpression", &["correlationProperty"],
        "thông điệp được ghép bằng thuộc tính mở rộng `correlation`; hãy ghi biểu thức FEEL ở đó",
        "messages are matched by the extension attribute `correlation`; write a FEEL expression there"),
    ("messagePath", &["correlationPropertyRetrievalExpression"],
        "thông điệp được ghép bằng thuộc tính mở rộng `correlation`; hãy ghi biểu thức FEEL ở đó",
        "messages are matched by the extension attribute `correlation`; write a FEEL expression there"),
    ("correlationSubscription", &["process"],
        "thông điệp được ghép bằng thuộc tính mở rộng `correlation`; hãy ghi biểu thức FEEL ở đó",
        "messages are matched by the extension attribute `correlation`; write a FEEL expression there"),
    ("correlationPropertyBinding", &["correlationSubscription"],
        "thông điệp được ghép bằng thuộc tính mở rộng `correlation`; hãy ghi biểu thức FEEL ở đó",
        "messages are matched by the extension attribute `correlation`; write a FEEL expression there"),
    ("dataPath", &["correlationPropertyBinding"],
        "thông điệp được ghép bằng thuộc tính mở rộng `correlation`; hãy ghi biểu thức FEEL ở đó",
        "messages are matched by the extension attribute `correlation`; write a FEEL expression there"),
    ("implicitThrowEvent", SCOPES,
        "sự kiện này chỉ có nghĩa bên trong `complexBehaviorDefinition`, ở đó tên là `event`",
        "it has a meaning inside `complexBehaviorDefinition` only, where it is called `event`"),
    ("activity", &[],
        "đây là loại trừu tượng; hãy dùng một loại cụ thể: `task`",
        "it is an abstract kind; use one that is concrete: `task`"),
    ("artifact", &[],
        "đây là loại trừu tượng; hãy dùng một loại cụ thể: `textAnnotation`",
        "it is an abstract kind; use one that is concrete: `textAnnotation`"),
    ("baseElement", &[],
        "đây là loại trừu tượng; hãy dùng một loại cụ thể: `task`",
        "it is an abstract kind; use one that is concrete: `task`"),
    ("baseElementWithMixedContent", &[],
        "đây là loại trừu tượng; hãy dùng một loại cụ thể: `expression`",
        "it is an abstract kind; use one that is concrete: `expression`"),
    ("callableElement", &[],
        "đây là loại trừu tượng; hãy dùng một loại cụ thể: `process`",
        "it is an abstract kind; use one that is concrete: `process`"),
    ("catchEvent", &[],
        "đây là loại trừu tượng; hãy dùng một loại cụ thể: `intermediateCatchEvent`",
        "it is an abstract kind; use one that is concrete: `intermediateCatchEvent`"),
    ("choreographyActivity", &[],
        "đây là loại trừu tượng; hãy dùng một loại cụ thể: `choreographyTask`",
        "it is an abstract kind; use one that is concrete: `choreographyTask`"),
    ("conversationNode", &[],
        "đây là loại trừu tượng; hãy dùng một loại cụ thể: `conversation`",
        "it is an abstract kind; use one that is concrete: `conversation`"),
    ("dataAssociation", &[],
        "đây là loại trừu tượng; hãy dùng một loại cụ thể: `dataInputAssociation`",
        "it is an abstract kind; use one that is concrete: `dataInputAssociation`"),
    ("eventDefinition", &[],
        "đây là loại trừu tượng; hãy dùng một loại cụ thể: `messageEventDefinition`",
        "it is an abstract kind; use one that is concrete: `messageEventDefinition`"),
    ("flowElement", &[],
        "đây là loại trừu tượng; hãy dùng một loại cụ thể: `task`",
        "it is an abstract kind; use one that is concrete: `task`"),
    ("flowNode", &[],
        "đây là loại trừu tượng; hãy dùng một loại cụ thể: `task`",
        "it is an abstract kind; use one that is concrete: `task`"),
    ("gateway", &[],
        "đây là loại trừu tượng; hãy dùng một loại cụ thể: `exclusiveGateway`",
        "it is an abstract kind; use one that is concrete: `exclusiveGateway`"),
    ("loopCharacteristics", &[],
        "đây là loại trừu tượng; hãy dùng một loại cụ thể: `standardLoopCharacteristics`",
        "it is an abstract kind; use one that is concrete: `standardLoopCharacteristics`"),
    ("rootElement", &[],
        "đây là loại trừu tượng; hãy dùng một loại cụ thể: `process`",
        "it is an abstract kind; use one that is concrete: `process`"),
    ("throwEvent", &[],
        "đây là loại trừu tượng; hãy dùng một loại cụ thể: `intermediateThrowEvent`",
        "it is an abstract kind; use one that is concrete: `intermediateThrowEvent`"),
];
