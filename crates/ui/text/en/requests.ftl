requests-new = New connection request
requests-drafts = Drafts
requests-state-label = State
requests-all = All
requests-side = Part of the agency
requests-side-consumer = Consumer: { $name }
requests-side-owner = Provider: { $name }
requests-mine = Waiting for me
requests-overdue = Overdue
requests-filter = Narrow the list
requests-none = There are no connection requests yet. Choose “New connection request” to find a data service and ask for it.
requests-none-such = No connection request is like that.
requests-show-all = Show the whole list
requests-stands = State
requests-waits-for = Waits for
requests-pages = Pages of the list
requests-first = First page
requests-next = Next page
requests-days-left = { $count ->
    [one] 1 working day left
   *[other] { $count } working days left
}
requests-days-late = { $count ->
    [one] 1 working day late
   *[other] { $count } working days late
}

requests-state-open = In progress
requests-state-returned = Returned for correction
requests-state-live = Live
requests-state-refused = Refused
requests-state-withdrawn = Withdrawn

requests-kind-1 = Kind 1: mandatory sharing, connected after a technical check
requests-kind-2 = Kind 2: with conditions, the data owner decides
requests-kind-3 = Kind 3: special, the data owner consents in writing

requests-one = Connection request { $name }
requests-way = Where this page is
requests-grant = Grant { $name }
requests-holder = Waits for:
requests-corrects = to correct it and hand it in again
requests-to-do = What can be done
requests-four-eyes = You opened this request; therefore somebody else decides on this step.
requests-missing = This step still lacks the following documents. Add them before going on:
requests-do-approve = Approve this step
requests-do-send = Send to the next step
requests-do-live = Go live
requests-do-return = Return for correction
requests-do-refuse = Refuse
requests-do-resubmit = Hand in again
requests-do-withdraw = Withdraw the request
requests-do-attach = Add a document
requests-do-close = Write the conclusion
requests-content = What is asked for
requests-kind = Kind of request
requests-consumer = Consumer
requests-owner = Data owner
requests-reason = Reason
requests-narrowed = Less is granted than was asked for; see what was asked for
requests-road = Road
requests-stop-done = done
requests-stop-now = in progress
requests-stop-later = not yet
requests-documents = Documents
requests-documents-none = There are no documents yet.
requests-lacks = Still missing
requests-document = Kind of document
requests-document-number = Number and date
requests-document-number-hint = For example: 12/BB-SKHCN of 20/11/2026. May be left empty.
requests-file = File
requests-tasks = Work beside the road
requests-task-closed = Closed
requests-task-open = Open
requests-against = What stands against going live
requests-history = History
requests-when = When
requests-who = Who
requests-did = What
requests-words = Words
requests-by-text = Legal basis: { $name }
requests-earlier = { $count ->
    [one] One act came before these. The minutes have all decisions.
   *[other] { $count } acts came before these. The minutes have all decisions.
}
requests-minutes-open = Minutes to print and sign

requests-did-opened = Opened
requests-did-attached = Added a document
requests-did-approved = Approved
requests-did-narrowed = Approved for less
requests-did-returned = Returned for correction
requests-did-resubmitted = Handed in again
requests-did-refused = Refused
requests-did-withdrew = Withdrew
requests-did-closed-task = Closed a task
requests-did-went-live = Went live

requests-back = Back to request { $name }
requests-title-approve = Approve
requests-title-return = Return for correction
requests-title-refuse = Refuse the connection request
requests-title-resubmit = Hand in again
requests-title-withdraw = Withdraw the connection request
requests-title-close = Write the conclusion of a task
requests-attach-title = Add a document
requests-approve-follows = Present step: { $name }. The request then goes on to the next step.
requests-live-follows = The grant is issued at once. The consumer can call within one second.
requests-not-yet = It cannot go live yet: see “What stands against going live” below.
requests-return-follows = The request goes back to the agency that asks. Handed in again, it goes on at this step.
requests-resubmit-follows = The request goes on at the step that returned it. If fields, purposes, quota or period change, it begins again at the first step.
requests-close-follows = The conclusion is kept with the request and opens the readiness gate of this connection.
requests-refuse-warning = A refusal ends this request. It is counted, and public on the board of data silos with its reason, legal basis and time.
requests-withdraw-warning = A withdrawn request cannot be opened again. A connection then needs a new request, from the first step.
requests-comment = Remark
requests-comment-optional = May be left empty.
requests-comment-hint = Needed when less is granted than was asked for; else it may be left empty.
requests-return-comment = What is to be corrected
requests-return-comment-hint = Name each thing, so that one correction is enough.
requests-refuse-reason = Reason of the refusal
requests-refuse-reason-hint = Needed. The agency that asks and those who supervise read it.
requests-refuse-basis = Legal basis of the refusal
requests-refuse-basis-hint = Needed. For example: Điều 7 Nghị định 278/2025/NĐ-CP
requests-withdraw-reason = Reason
requests-close-conclusion = Conclusion
requests-close-conclusion-hint = For example: the risks are acceptable, measures against them are in place.
requests-close-button = Close: { $name }
requests-narrow = Grant less (optional)
requests-narrow-follows = Leave it as it is to agree to everything. Only less can be granted; more needs another request.
requests-fields-hint = One field a line
requests-purposes-hint = Codes of purposes with commas between them
requests-attach-button = Send the document

done-requests-approve = The step is done.
done-requests-return = The request was returned for correction.
done-requests-refuse = The request was refused; reason and legal basis are recorded.
done-requests-resubmit = The request was handed in again.
done-requests-withdraw = The request was withdrawn.
done-requests-close = The conclusion is recorded.
done-requests-attach = The document was added to the request.

contact-business = Business contact
contact-technical = Technical contact
contact-security = Security contact
contact-name = Name and post
contact-phone = Telephone
contact-email = E-mail

file-hint = At most 20 MB; PDF if possible
warning = Warning

terms-fields = Fields
terms-fields-all = All fields of the service
terms-fields-more = and { $count } more
terms-purposes = Purposes
terms-purposes-any = Any purpose
terms-legal-basis = Legal basis
terms-quota = Quota
terms-quota-day = { $count } calls a day
terms-rate = { $count } calls a second
terms-unlimited = No limit
terms-until = Until
terms-endless = Without end
terms-conditions = Conditions of each call
terms-dossier = A dossier must be quoted
terms-officer = The officer must be named
terms-sign-in = The officer signed in at level { $count } or above
terms-quota-field = Calls a day at most
terms-quota-hint = For example: 1,000. Empty means no limit.
terms-until-field = Last day
terms-until-hint = For example: 31/12/2027. It counts to its end.

minutes-country = SOCIALIST REPUBLIC OF VIET NAM
minutes-motto = Independence – Freedom – Happiness
requests-minutes-title = Minutes of a connection request
minutes-number = Number of the request: { $name }
minutes-print = Print the minutes
minutes-sides = 1. Sides and service
minutes-terms = 2. What may be used
minutes-decisions = 3. Decisions
minutes-document-number = number { $name }
minutes-printed = Taken from the platform's journal at { $name }.
minutes-sign-consumer = FOR THE CONSUMER
minutes-sign-owner = FOR THE PROVIDER
minutes-sign-hint = (signature, full name, seal)

place-comment = Remark
place-reason = Reason
place-legal-basis = Legal basis
place-fields = Fields
place-purposes = Purposes
place-quota-day = Quota
place-until = Until
place-contacts = Contacts
place-conclusion = Conclusion
place-number = Number of the document
place-issued-on = Day of issue
place-valid-until = In force through
place-level = Level
place-item = Kind of document
place-document = Document
