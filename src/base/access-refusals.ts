/** Refusals that people meet in the console: by code, in English. Who is let in, and what they may do. Each code is worded in the console as well. */

export const accessRefusals = {
  model_key_not_admin: () =>
    'This is a model key, and model keys cannot manage the server. Use an admin key ("drover-admin-…").',
  foreign_page: () =>
    'This request does not come from a page of this server, as far as Sec-Fetch-Site and Origin tell, and is refused. Do it in the console, or send an admin key and no cookie.',
  key_and_cookie: () => 'The request carries a key and the cookie of a session. Send one of them.',
  plain_http: () =>
    'Nobody signs in over plain http from another machine: whoever listens would have the session. Serve https (server.tls), or set server.public_url to the https address of the proxy in front.',
  operators_only: ({ name }: { name: string }) => `This is for the people who run this server (${name}).`,
  member_already: ({ email }: { email: string }) => `${email} is a member already.`,
  no_invitation: ({ id }: { id: string }) => `There is no invitation '${id}'.`,
  invitation_over: () => 'This invitation was taken, withdrawn, or has ended. Ask for another.',
  choose_password: () => "'password' is missing: choose one.",
  sign_in_first: ({ email }: { email: string }) => `Sign in as ${email} first, then open the link again.`,
  invited_other: ({ email, mail }: { email: string; mail: string }) =>
    `This invitation is for ${email}, and you are signed in as ${mail}. Sign out first.`,
  no_issuer: ({ id }: { id: string }) => `There is no issuer '${id}' here.`,
  sign_in_late: () => 'This took longer than ten minutes, or was done before. Begin again.',
  nothing_left_to_sign_in: () =>
    'You would have nothing left to sign in with. Choose a password or add a passkey first.',
  not_linked: ({ id }: { id: string }) => `You are not linked to '${id}'.`,
  key_of_two: () =>
    'This key was made by somebody else than it is for, and both know it: it makes no keys. Rotate it signed in, which makes it yours alone, or make the key signed in.',
  sends_no_mail: () => 'This server sends no mail, so that no address can be proven.',
  change_by_person: () =>
    'Sign in as the person whose mail address is to change, with the old one, and open the link again.',
  link_over: () => 'This link was used or has ended. Ask for a new one.',
  not_your_mail: () => 'That is not your mail address.',
  no_member: ({ handle }: { handle: string }) =>
    `There is no member '${handle}' in this organisation. 'drover members list' shows those that there are.`,
  no_organisation: ({ id }: { id: string }) =>
    `There is no organisation '${id}'. 'drover organisations list' shows those that there are.`,
  no_new_organisations: () => 'Nobody makes organisations here by themselves. Ask the operator for one.',
  passkey_late: () => 'This took longer than five minutes, or was done before. Begin again.',
  passkeys_enough: ({ count }: { count: number }) =>
    `You have ${count} passkeys, which is as many as one person has. Remove one that you do not use.`,
  passkey_wrong: () => 'The passkey does not answer what was asked.',
  no_passkey: ({ id }: { id: string }) => `You have no passkey '${id}'.`,
  passkey_unknown: () => 'This passkey is not known here, or does not answer what was asked.',
  passkey_known: () => 'This passkey is known already. Use another device.',
  no_mail_ask_operator: () => "This server sends no mail. Ask its operator for a link ('drover people reset').",
  password_wrong: () => 'The password is wrong.',
  no_password_yet: () => 'You have no password yet. Choose one by the link of a forgotten one.',
  nobody_signs_in: ({ email }: { email: string }) => `Nobody signs in with '${email}'.`,
  role_resets: ({ own }: { own: string }) =>
    `The role '${own}' may not reset the password of somebody who runs this server. Ask an owner.`,
  role_admin_key: ({ own, role }: { own: string; role: string }) =>
    `The role '${own}' may not make or end an admin key of the role '${role}'. Ask an owner.`,
  operators_operation: ({ noun, verb }: { noun: string; verb: string }) =>
    `'${noun} ${verb}' is for the people who run this server.`,
  totp_wrong: () => 'The code is wrong, was used before, or has ended.',
  totp_asked: () => 'A code of your authenticator app is asked for.',
  session_of_key: () => 'This session stands for an admin key, which is no person. Sign in with a mail address.',
  sign_in_wrong: () => 'The mail address or the password is wrong.',
  mail_unconfirmed: () =>
    'Your mail address is not confirmed yet. Follow the link in the mail that was sent to you just now.',
  no_membership: ({ id }: { id: string }) => `You are no member of an organisation '${id}'.`,
  no_session: ({ id }: { id: string }) => `You have no session '${id}'.`,
  set_up_over: () => "This set-up link was used or has ended. 'drover people set-up' on the server makes another.",
  role_makes_owner: ({ own }: { own: string }) => `The role '${own}' may not make an owner. Ask an owner.`,
  no_sign_up: () => 'Nobody may sign up here. Ask the operator for an invitation.',
  sign_up_needs_mail: () =>
    "Sign-up waits for a mail server: the operator sets 'mail' in drover.yaml, or 'signup.verify_mail: false'.",
  mail_taken: () => 'Somebody signs in with this mail address already. Sign in, or reset the password.',
  sign_up_link_over: () => 'This link was used or has ended. Sign in with your password: a new one is sent then.',
  signed_out: () => 'You are not signed in, or the session has ended. Sign in again.',
  prove_again: ({ action }: { action: string }) =>
    `Prove again that it is you: send POST /api/v1/session/step-up with the action '${action}', then repeat this request within five minutes.`,
  other_admin_key: () => 'That is another admin key.',
  other_passkey: () => 'That is the passkey of somebody else.',
  nothing_to_prove: () =>
    'You have neither a password nor an authenticator app. Use a passkey, or choose a password by the link of a forgotten one.',
  nobody_here: ({ handle }: { handle: string }) => `Nobody signs in here as '${handle}'.`,
  role_reads_subject: ({ role }: { role: string }) =>
    `The role '${role}' may not read all that is kept of somebody. Ask an owner, an admin or an auditor.`,
  runs_server: () => 'This organisation runs the server and cannot be erased from it.',
  account_open: ({ account }: { account: string }) =>
    `Its account is not closed. 'drover accounts close ${account}' does that, and says what is to be paid back.`,
  account_holds: () => 'Its account holds money for calls that have not been settled. Try again when they are.',
  totp_there: () => 'There is an authenticator app already. Remove it first.',
  totp_not_begun: () => 'There is nothing to confirm: begin with a new secret.',
  totp_clock: () => 'The code is wrong. Is the clock of the phone right?',
  totp_off: () => 'No codes are asked for.',
  role_may_not_that: ({ own }: { own: string }) => `The role '${own}' may not do that. Ask an owner.`,
  too_many_sign_ins: ({ seconds }: { seconds: number }) =>
    `Too many tries to sign in. Try again in ${seconds} s, use a passkey, or reset the password.`,
  too_often: ({ seconds }: { seconds: number }) => `Too often in a short time. Try again in ${seconds} s.`,
  browser_only: () => 'Only a browser signs in: commands use an admin key.',
  issuer_failed: ({ issuer }: { issuer: string }) =>
    `Sign-in with ${issuer} failed: what it answered does not hold. Try again, or sign in another way.`,
  sign_in_crowded: () => 'Too many people sign in at this moment. Try again in a few seconds.',
  credential_changed: () => 'What this person signs in with was changed at this moment. Sign in again.',
  link_withdrawn: () => 'This link has been used, has ended, or was withdrawn. Ask for a new one.',
  member_of_this: ({ mail }: { mail: string }) => `${mail} is a member of this organisation already.`,
  you_only_owner: ({ name }: { name: string }) =>
    `You are the only owner of ${name}. Make another member owner who signs in, or close its account first.`,
  sign_in_linked: () => 'This sign-in is linked to a person already, or this person to another sign-in of the issuer.',
  role_makes_member: ({ own, wanted }: { own: string; wanted: string }) =>
    `The role '${own}' may not make a member ${wanted}. Ask an owner.`,
  role_changes_member: ({ own, role }: { own: string; role: string }) =>
    `The role '${own}' may not change a member who is ${role}: nobody changes an equal or a higher rank.`,
  issuer_unlinked: ({ issuer }: { issuer: string }) =>
    `Nobody here is linked to this sign-in of ${issuer}. Sign in another way and link it, or ask for an invitation.`,
  issuer_to_link: ({ issuer }: { issuer: string }) =>
    `You have an account with this mail address. Sign in as you do, then link ${issuer} to it.`,
  role_may_not: (of: { role: string; noun: string; verb: string; roles: string }) =>
    `The role '${of.role}' of this credential may not run '${of.noun} ${of.verb}': ${of.roles}`,
  password_weak: ({ fault }: { fault: string }) => `The password ${fault}.`,
  field_wrong: ({ field, what }: { field: string; what: string }) => `'${field}' ${what}.`,
} as const
