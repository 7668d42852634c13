breadcrumbs = Where this page is

calls-intro = Every call is signed by both sides and written into a log that nobody can change. The log keeps neither the data nor personal information.
calls-find = Find a call
calls-find-hint = The whole id of a call (X-Road-Id), or a part of a system's or service's identifier
calls-find-button = Find
calls-only-failed = Only calls that were refused or failed
calls-none = No call fits. Ask for less, or look at the rights of the system under “Connection requests”.
calls-older = Older calls
calls-table = Latest calls
calls-at = Time
calls-id = Id of the call
calls-failed = Failed
calls-good = Good

calls-live-title = Calls as they pass
calls-live-intro = The calls that pass this node. The page renews itself every two seconds; reload it where scripts are off.
calls-hour = calls in this hour
calls-hour-failed = refused or failed
calls-half = half of the calls
calls-most = 95% of the calls
calls-codes = Error codes of this hour

call-title = A call
call-check = Verify the evidence
call-file = Download the evidence
call-client = Consumer
call-service = Service
call-peer = The node at the other end
call-permit = By which grant
call-outcome = Outcome
call-took = Took
call-asked-size = Size of the question
call-answered-size = Size of the answer
call-kib = { $count } KiB at most
call-index = Number in the log
call-withheld = Fields not granted, cut out
call-signed-request = What the consumer signed
call-signed-response = What the provider signed
call-certificate = Certificate (SHA-256):
call-signature = Signature:
call-others = Other calls with the same id
call-no-content = Question and answer are not in the log. It keeps commitments only, from which nobody can guess the data.

call-side = This node is
call-side-consumer = the consumer's node
call-side-provider = the provider's node
call-part-request = Question
call-part-response = Answer
call-part-call = Question and answer
call-part-refusal = Refusal
call-part-interrupted = Interrupted

call-check-title = Verification of the evidence
call-check-good = The evidence holds
call-check-bad = The evidence does not hold
call-check-bad-next = Keep the file as it is and tell the security officers of both sides and the platform's operator at once.
call-check-list = What was checked
call-check-claim = Claim
call-check-result = Result
call-check-detail = Detail
call-check-outside = Whoever has the file and the certificate of the authority can verify it without this system:

check-result-passed = Passed
check-result-failed = Failed
check-result-not-present = Not present
