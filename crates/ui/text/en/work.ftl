work-requests = Connection requests that wait for me
work-requests-none = Nothing waits for you. You can find a service and ask for it, or look at your agency's requests under “Connection requests”.
work-late = Past their limit
work-late-since = due { $name }
work-filings = Papers of the readiness gate that wait for a second person
work-changes = Changes of the directory
work-changes-count = { $count ->
    [one] { $count } proposal waits for a second person
   *[other] { $count } proposals wait for a second person
}
work-ending = Papers of the readiness gate that end soon
work-grants-ending = Grants that end soon
work-returned = Returned: correct it and hand it in again
days-left = { $count ->
    [one] { $count } day left
   *[other] { $count } days left
}
late = Late
end-of-day = through { $name }

request-number = Number
request-service = Service
request-agency = Agency that asks
request-step = Present step
request-due = Due
