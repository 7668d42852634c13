product = Liên Thông
skip = Skip to main content
sign-out = Sign out
other-language = Tiếng Việt
other-language-tag = vi
foot = Platform on which state agencies share data. Every act is written into the journal.

nav-label = Tasks
nav-work = My work
nav-services = Find a service
nav-sharing = Share data
nav-requests = Connection requests
nav-watch = Monitoring
nav-evidence = Evidence
nav-admin = Administration

done-title = Done
errors-title = This could not be done

failed-code = Error code:
failed-form-title = The form is no longer valid
failed-form-what = The form was opened before this sign-in, or was not sent from a page of this system.
failed-form-next = Open the page again, fill in the form and send it. Nothing has been changed.
failed-nothing-title = Not found
failed-nothing-what = There is no such page or item, or it has moved.
failed-nothing-next = Check the address, or choose a task above.
failed-forbidden-title = Not permitted
failed-forbidden-what = Your present roles do not allow this.
failed-forbidden-next = Ask the operator of the platform if you need another role. The refusal is in the journal.
failed-conflict-title = Somebody changed this first
failed-conflict-what = It changed after you opened the page.
failed-conflict-next = Go back, reload the page to see what is there now, and try again.
failed-busy-title = The system is busy
failed-busy-what = Too much is being asked at the moment.
failed-busy-next = Wait a few minutes and try again. What you sent was not taken.
failed-invalid-title = Not valid yet
failed-invalid-what = What was sent does not follow the rules.
failed-invalid-next = Go back, correct it as described, and send it again.
failed-ours-title = Something went wrong here
failed-ours-what = The system could not do this; it is not your fault.
failed-ours-next = Try again later. If it happens again, tell the operator when it did.

sign-in-title = Sign in
sign-in-name = Sign-in name
sign-in-password = Password
sign-in-code = Verification code
sign-in-code-hint = The six digits that your authenticator shows
sign-in-button = Sign in
sign-in-help = Password forgotten or authenticator lost: ask the operator of the platform.

role-platform-operator = Platform operator
role-agency-administrator = Agency administrator
role-data-owner = Data owner
role-security-officer = Security officer
role-auditor = Auditor
role-leader = Leader
