//! The findings: name, code, weight, Vietnamese, English.

use super::Weight;

codes! {
    TooLarge = "file-too-large", Fault,
        "tệp lớn hơn {0} byte; hãy tách mô hình thành nhiều tệp",
        "the file is larger than {0} bytes; split the model into several files";
    Encoding = "encoding", Fault,
        "tệp không phải văn bản UTF-8, UTF-16 hay ISO-8859-1 như nó khai; hãy lưu lại bằng UTF-8",
        "the file is not text in UTF-8, UTF-16 or ISO-8859-1, as it declares; save it as UTF-8";
    Malformed = "not-xml", Fault,
        "tệp không phải XML đúng ngữ pháp: {0}",
        "the file is not well-formed XML: {0}";
    Dtd = "dtd", Fault,
        "tệp có DTD hoặc thực thể; hãy bỏ `DOCTYPE`",
        "the file has a DTD or entities; remove `DOCTYPE`";
    TooManyElements = "too-many-elements", Fault,
        "tệp có hơn {0} phần tử; hãy tách thành nhiều quy trình gọi nhau",
        "the file has more than {0} elements; split it into processes that call each other";
    TooManyAttributes = "too-many-attributes", Fault,
        "một phần tử có hơn {0} thuộc tính hoặc {1} không gian tên; hãy bớt đi",
        "an element has more than {0} attributes or {1} namespaces; have fewer";
    TooDeep = "too-deep", Fault,
        "phần tử lồng nhau sâu hơn {0} cấp; hãy dùng hoạt động gọi quy trình khác",
        "elements are nested deeper than {0} levels; use call activities";
    TooLong = "text-too-long", Fault,
        "`{0}` dài hơn {1} byte; hãy rút ngắn, phần còn lại đưa vào `documentation`",
        "`{0}` is longer than {1} bytes; shorten it and put the rest into `documentation`";
    WrongNamespace = "wrong-namespace", Fault,
        "phần tử gốc là `{0}` của không gian tên `{1}`; phải là `definitions` của BPMN 2.0, `http://www.omg.org/spec/BPMN/20100524/MODEL`",
        "the root is `{0}` of the namespace `{1}`; it must be `definitions` of BPMN 2.0, `http://www.omg.org/spec/BPMN/20100524/MODEL`";
    UnknownElement = "unknown-element", Fault,
        "BPMN 2.0 không có phần tử `{0}`; hãy sửa tên hoặc đưa vào `extensionElements` với không gian tên riêng",
        "BPMN 2.0 has no element `{0}`; correct its name, or put it into `extensionElements` with a namespace of its own";
    ForeignElement = "foreign-element", Fault,
        "phần tử `{0}` của không gian tên khác chỉ được nằm trong `extensionElements`",
        "the element `{0}` of another namespace may only be inside `extensionElements`";
    MisplacedElement = "misplaced-element", Fault,
        "`{0}` không được nằm trong `{1}`; hãy chuyển đến: {2}",
        "`{0}` may not be inside `{1}`; move it to one of: {2}";
    RefusedElement = "refused-element", Fault,
        "`{0}` không được thực hiện: {1}",
        "`{0}` is not executed: {2}";
    UnknownExtension = "unknown-extension", Fault,
        "thuộc tính mở rộng `{0}` không có nghĩa ở `{1}`; hãy bỏ hoặc chuyển đến phần tử cần nó",
        "the extension attribute `{0}` means nothing on `{1}`; remove it or move it to the element that needs it";
    MustUnderstand = "must-understand", Fault,
        "phần mở rộng `{0}` đòi phải được hiểu mà hệ thống không hiểu; hãy bỏ `mustUnderstand`",
        "the extension `{0}` must be understood and is not; remove `mustUnderstand`";

    MissingId = "missing-id", Fault,
        "`{0}` không có `id`; hãy đặt một mã duy nhất",
        "`{0}` has no `id`; give it one of its own";
    DuplicateId = "duplicate-id", Fault,
        "mã `{0}` đã dùng ở dòng {1}; mỗi phần tử cần mã riêng",
        "the id `{0}` is already used in line {1}; each element needs its own";
    MissingReference = "missing-reference", Fault,
        "thiếu `{0}`; hãy ghi mã của phần tử được nói đến",
        "`{0}` is missing; give the id of the element that is meant";
    DanglingReference = "dangling-reference", Fault,
        "`{0}` chỉ đến `{1}`, phần tử này không có trong tệp; hãy sửa mã hoặc thêm phần tử",
        "`{0}` points to `{1}`, which is not in the file; correct the id or add the element";
    WrongReference = "wrong-reference", Fault,
        "`{0}` chỉ đến `{1}` là `{2}`; phải là: {3}",
        "`{0}` points to `{1}`, which is `{2}`; it must be one of: {3}";
    BadValue = "bad-value", Fault,
        "`{0}` là `{1}`; phải là: {2}",
        "`{0}` is `{1}`; it must be: {2}";

    FlowCrossesScope = "flow-crosses-scope", Fault,
        "luồng đi từ `{0}` đến `{1}` qua ranh giới quy trình hoặc quy trình con; hãy dùng luồng thông điệp, sự kiện biên hoặc vẽ lại",
        "the flow from `{0}` to `{1}` crosses the border of a process or sub-process; use a message flow or a boundary event, or redraw it";
    FlowInto = "flow-into", Fault,
        "luồng `{0}` đi vào nơi không nhận luồng: sự kiện bắt đầu, sự kiện biên, sự kiện nối đến, việc bù trừ hoặc quy trình con sự kiện; hãy bỏ luồng",
        "the flow `{0}` leads into what takes none: a start event, a boundary event, a catching link, a compensation handler or an event sub-process; remove it";
    FlowOutOf = "flow-out-of", Fault,
        "luồng `{0}` đi ra từ nơi không có luồng ra: sự kiện kết thúc, sự kiện nối đi, sự kiện biên bù trừ, việc bù trừ hoặc quy trình con sự kiện; hãy bỏ luồng",
        "the flow `{0}` leads out of what has none: an end event, a throwing link, a compensation boundary event, a compensation handler or an event sub-process; remove it";
    ConditionOnEvent = "condition-on-event", Incomplete,
        "luồng ra từ sự kiện hoặc cổng theo sự kiện không có điều kiện; hãy đặt cổng rẽ nhánh sau `{0}`",
        "a flow out of an event or an event-based gateway has no condition; put a gateway behind `{0}`";
    DefaultNotOutgoing = "default-not-outgoing", Fault,
        "luồng mặc định `{0}` không đi ra từ phần tử này; hãy chọn một luồng ra của nó",
        "the default flow `{0}` does not leave this element; choose one of its outgoing flows";

    EventNotAllowed = "event-not-allowed", Fault,
        "`{0}` không được dùng ở {1}; hãy dùng loại sự kiện khác",
        "`{0}` is not allowed on {2}; use another kind of event";
    EventMissing = "event-missing", Incomplete,
        "sự kiện này không nói nó đợi gì; hãy thêm định nghĩa sự kiện",
        "the event does not say what it waits for; add an event definition";
    MustInterrupt = "must-interrupt", Fault,
        "sự kiện lỗi và sự kiện hủy luôn ngắt; hãy bỏ `{0}=\"false\"`",
        "error and cancel events always interrupt; remove `{0}=\"false\"`";
    CancelPlace = "cancel-outside-transaction", Fault,
        "sự kiện hủy chỉ được dùng ở cuối trong giao dịch hoặc trên biên giao dịch; hãy đổi quy trình con thành `transaction`",
        "a cancel event is only allowed at an end inside a transaction or on its border; make the sub-process a `transaction`";
    LinkWithoutName = "link-without-name", Incomplete,
        "sự kiện nối không có tên; hãy ghi `name` cho `linkEventDefinition`",
        "the link event has no name; write `name` on `linkEventDefinition`";
    LinkWithoutCatch = "link-without-catch", Incomplete,
        "không có sự kiện nối đến tên “{0}” trong cùng quy trình hoặc quy trình con; hãy thêm hoặc sửa tên",
        "no catching link event is named “{0}” in the same process or sub-process; add one or correct the name";
    LinkTwice = "link-twice", Fault,
        "đã có sự kiện nối đến tên “{0}” ở `{1}`; hãy đặt tên khác",
        "there is already a catching link event named “{0}”, `{1}`; give it another name";
    EventSubProcessStart = "event-sub-process-start", Incomplete,
        "quy trình con sự kiện phải có đúng một sự kiện bắt đầu, có định nghĩa sự kiện; đang có {0}",
        "an event sub-process must have exactly one start event, with an event definition; it has {0}";
    BoundaryHost = "boundary-host", Fault,
        "sự kiện biên phải nằm trên hoạt động của cùng quy trình, không phải quy trình con sự kiện; `{0}` không phải",
        "a boundary event must be on an activity of the same process or sub-process that is no event sub-process; `{0}` is not";
    InstantiatePlace = "instantiate-place", Fault,
        "`instantiate` chỉ dùng cho phần tử không có luồng vào, ngay trong quy trình; hãy bỏ hoặc bỏ luồng vào",
        "`instantiate` is only for an element without incoming flow, directly in a process; remove it or the flow";
    ParallelEvents = "event-gateway-parallel", Fault,
        "`eventGatewayType=\"Parallel\"` chỉ dùng cùng `instantiate=\"true\"`; hãy dùng sự kiện `parallelMultiple`",
        "`eventGatewayType=\"Parallel\"` is only for `instantiate=\"true\"`; use a `parallelMultiple` event";
    GatewayEvent = "event-gateway-target", Incomplete,
        "sau cổng theo sự kiện chỉ được là sự kiện trung gian đợi hoặc `receiveTask`; `{0}` không phải",
        "an event-based gateway may only be followed by intermediate catch events and receive tasks; `{0}` is neither";
    HandlerMissing = "compensation-without-handler", Incomplete,
        "sự kiện biên bù trừ không nối với việc bù trừ; hãy vẽ `association` đến hoạt động có `isForCompensation`",
        "the compensation boundary event has no handler; draw an `association` to an activity with `isForCompensation`";
    HandlerKind = "compensation-handler", Fault,
        "`{0}` được nối làm việc bù trừ nhưng không có `isForCompensation=\"true\"` hoặc ở quy trình khác; hãy sửa",
        "`{0}` is associated as a compensation handler but has no `isForCompensation=\"true\"`, or is in another scope; correct it";
    HandlerTwice = "compensation-twice", Fault,
        "hoạt động `{0}` đã có việc bù trừ; hãy gộp vào một quy trình con",
        "the activity `{0}` already has a compensation handler; make one sub-process of both";
    CompensationScope = "compensation-out-of-scope", Fault,
        "`{0}` không phải hoạt động nhìn thấy từ đây; bù trừ chỉ đến được hoạt động cùng quy trình con",
        "`{0}` is no activity that can be seen from here; compensation reaches activities of the same scope only";

    Expression = "expression", Incomplete,
        "`{0}` không phải biểu thức FEEL: {1}",
        "`{0}` is not a FEEL expression: {1}";
    ExpressionMissing = "expression-missing", Incomplete,
        "thiếu biểu thức `{0}`; hãy ghi một biểu thức FEEL",
        "the expression `{0}` is missing; write one in FEEL";
    ExpressionsTooMuch = "expressions-too-much", Fault,
        "các biểu thức của tệp quá dài; hãy chuyển phần tính toán vào bảng quyết định DMN",
        "the expressions of the file are too long; move computations into DMN decisions";
    Language = "language", Incomplete,
        "ngôn ngữ `{0}` không được thực hiện; hãy viết bằng FEEL và ghi `feel`",
        "the language `{0}` is not executed; write it in FEEL and say `feel`";
    TimerText = "timer-text", Incomplete,
        "`{0}` không phải {1}; hãy viết như {3}, hoặc biểu thức FEEL",
        "`{0}` is not {2}; write it like {3}, or as a FEEL expression";
    TimerMissing = "timer-missing", Incomplete,
        "bộ hẹn giờ cần đúng một trong `timeDate`, `timeDuration`, `timeCycle`",
        "a timer needs exactly one of `timeDate`, `timeDuration`, `timeCycle`";
    SignalMissing = "signal-missing", Incomplete,
        "sự kiện tín hiệu không nói tín hiệu nào; hãy ghi `signalRef`",
        "the signal event does not say which signal; write `signalRef`";
    Number = "number", Fault,
        "`{0}` là `{1}`; phải là số nguyên từ {2} đến {3}",
        "`{0}` is `{1}`; it must be a whole number from {2} to {3}";
    LoopWithoutEnd = "loop-without-end", Incomplete,
        "vòng lặp không có điểm dừng; hãy thêm `loopCondition` hoặc `loopMaximum`",
        "the loop never ends; add `loopCondition` or `loopMaximum`";
    InstancesUnknown = "instances-unknown", Incomplete,
        "không biết thực hiện bao nhiêu lần; hãy thêm đúng một trong `loopCardinality`, `loopDataInputRef`",
        "how many times is not said; add exactly one of `loopCardinality`, `loopDataInputRef`";
    BehaviorEvent = "behavior-event-missing", Incomplete,
        "`behavior=\"{0}\"` cần `{1}`",
        "`behavior=\"{0}\"` needs `{1}`";
    NothingToBegin = "nothing-to-begin", Incomplete,
        "không có gì để bắt đầu: mọi phần tử đều có luồng vào hoặc không có phần tử nào; hãy thêm sự kiện bắt đầu",
        "there is nothing to begin with: a flow leads to every element, or there is none; add a start event";

    CallNothing = "call-nothing", Incomplete,
        "hoạt động gọi không nói gọi gì; hãy ghi `calledElement`",
        "the call activity does not say what it calls; write `calledElement`";
    CallRecursion = "call-recursion", Fault,
        "quy trình `{0}` gọi lại chính nó qua: {1}; hãy dùng vòng lặp",
        "the process `{0}` calls itself by way of {1}; use a loop";
    CallWithoutStart = "call-without-start", Incomplete,
        "quy trình được gọi `{0}` không có sự kiện bắt đầu thường; hãy thêm một",
        "the called process `{0}` has no none start event; add one";
    AssociationEmpty = "data-association-empty", Incomplete,
        "liên kết dữ liệu không nói lấy gì; hãy ghi đúng một `sourceRef`, hoặc `transformation`, hoặc `assignment`",
        "the data association does not say what it takes; write exactly one `sourceRef`, or a `transformation`, or an `assignment`";
    AssignmentTarget = "assignment-target", Incomplete,
        "`to` là `{0}`; phải là tên một biến",
        "`to` is `{0}`; it must be the name of a variable";
    DataInvisible = "data-not-visible", Fault,
        "`{0}` thuộc quy trình hoặc hoạt động khác, không dùng được ở đây; hãy khai ở phạm vi chung",
        "`{0}` belongs to another process or activity and cannot be used here; declare it in a common scope";
    ProcedureCode = "procedure-code-missing", Fault,
        "`{0}` chỉ có nghĩa khi có `procedureCode`; hãy ghi mã thủ tục hành chính",
        "`{0}` has a meaning only beside `procedureCode`; write the code of the administrative procedure";
    ProcedureDates = "procedure-dates", Fault,
        "`validTo` trước `validFrom`; hãy sửa ngày",
        "`validTo` is before `validFrom`; correct the dates";
    ProcedureTwice = "procedure-twice", Fault,
        "mã thủ tục `{0}` đã thuộc quy trình `{1}`; mỗi thủ tục chỉ có một quy trình",
        "the procedure code `{0}` already belongs to the process `{1}`; a procedure has one process";

    NothingExecutable = "nothing-executable", Warning,
        "tệp không có quy trình nào với `isExecutable=\"true\"`; nó được giữ như bản vẽ",
        "the file has no process with `isExecutable=\"true\"`; it is kept as a drawing";
    ReadAsFeel = "read-as-feel", Warning,
        "tệp khai ngôn ngữ biểu thức `{0}`; các biểu thức được đọc bằng FEEL",
        "the file declares the expression language `{0}`; its expressions are read as FEEL";
    DrawingOnly = "drawing-only", Warning,
        "quy trình này chưa đủ để thực hiện nên chỉ là bản vẽ; xem các cảnh báo khác của nó",
        "this process is not complete enough to be executed and stays a drawing; see its other warnings";
    FlowListed = "flow-listed", Warning,
        "`incoming` và `outgoing` không khớp với các luồng ở `{0}`; `sourceRef` và `targetRef` của luồng được dùng",
        "`incoming` and `outgoing` disagree with the flows at `{0}`; `sourceRef` and `targetRef` of the flows count";
    ConditionIgnored = "condition-ignored", Warning,
        "điều kiện của luồng này không có tác dụng: cổng song song luôn đi mọi luồng, luồng mặc định đi khi không luồng nào khác đi",
        "the condition of this flow has no effect: a parallel gateway takes every flow, a default flow is taken when no other is";
    ConditionMissing = "condition-missing", Warning,
        "luồng này ra từ cổng rẽ nhánh mà không có điều kiện, được coi là luôn đúng",
        "this flow leaves a deciding gateway without a condition; it counts as true";
    CycleWithoutWait = "cycle-without-wait", Warning,
        "vòng lặp qua phần tử này không có chỗ nào đợi; nếu không dừng, hệ thống sẽ ngắt sau một số bước",
        "the cycle through this element waits nowhere; if it does not end, it is stopped after a number of steps";
    BeginsItself = "begins-itself", Warning,
        "gửi từ đây sẽ bắt đầu lại chính quy trình này; nếu không ai ở giữa, hệ thống sẽ ngắt sau 100.000 lần gửi",
        "what is told here begins this process again; with nobody in between it is stopped after 100,000 times";
    MessageForAny = "message-for-any", Warning,
        "thông điệp này không có `correlation`: hồ sơ chờ lâu nhất sẽ nhận, có thể là hồ sơ khác; hãy ghi mã hồ sơ, như `ma_ho_so`",
        "this message has no `correlation`: the instance that waits longest gets it, perhaps another one; name what must be equal, such as the number of the dossier";
    CalendarDays = "calendar-days", Warning,
        "`{0}` là ngày theo lịch; luật thường tính ngày làm việc: `{1}`",
        "`{0}` counts calendar days; the law usually says working days: `{1}`";
    Unreachable = "unreachable", Warning,
        "không luồng nào dẫn đến phần tử này từ chỗ bắt đầu; nó không bao giờ được thực hiện",
        "no way leads to this element from where its scope begins; it is never executed";
    StartsBeside = "starts-beside", Warning,
        "phần tử không có luồng vào nên bắt đầu cùng lúc với sự kiện bắt đầu",
        "no flow leads to this element, so it begins together with the start event";
    ResourceIgnored = "resource-ignored", Warning,
        "`{0}` không giao việc; người làm theo làn hoặc thuộc tính mở rộng `role`",
        "`{0}` assigns no work; who does it follows from the lane or the extension attribute `role`";
    MessageFlowIgnored = "message-flow-ignored", Warning,
        "luồng thông điệp đến hoặc đi từ `{0}`, phần tử này không gửi cũng không nhận thông điệp",
        "the message flow begins or ends at `{0}`, which neither sends nor receives messages";
    DataStoreLocal = "data-store-local", Warning,
        "kho dữ liệu chỉ là biến của từng hồ sơ, không chung cho nhiều hồ sơ",
        "a data store is a variable of each instance; instances do not share it";
    EmptySubProcess = "empty-sub-process", Warning,
        "quy trình con không có gì bên trong nên xong ngay",
        "the sub-process has nothing inside and is done at once";
    CompensatesNothing = "compensates-nothing", Warning,
        "hoạt động `{0}` không có việc bù trừ, nên không có gì được hoàn lại",
        "the activity `{0}` has no compensation handler, so nothing is undone";
    ThrowsWithoutCode = "throws-without-code", Warning,
        "không nói lỗi hoặc leo thang nào; chỉ nơi bắt mọi loại mới nhận được",
        "which error or escalation is not said; only what catches all of them notices";
}
