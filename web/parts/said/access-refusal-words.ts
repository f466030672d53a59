/** Refusals of the relay. Who is let in, and what they may do. */

import type { SaidTables } from '#admin/contract.ts'
import { words } from '#parts/words.ts'
import type { SaidWords } from './tell.ts'

const access = words({
  model_key_not_admin: [
    'This is a model key, and model keys cannot manage the server. Use an admin key ("drover-admin-…").',
    '这是模型密钥，不能管理服务器。请使用管理密钥（“drover-admin-…”）。',
  ],
  foreign_page: [
    'This request does not come from a page of this server, as far as Sec-Fetch-Site and Origin tell, and is refused. Do it in the console, or send an admin key and no cookie.',
    '从 Sec-Fetch-Site 与 Origin 看，此请求不是由本服务器的页面发出的，已拒绝。请在控制台中操作，或只携带管理密钥而不带 Cookie。',
  ],
  key_and_cookie: [
    'The request carries a key and the cookie of a session. Send one of them.',
    '请求同时携带了密钥与会话 Cookie，请只发送其中之一。',
  ],
  plain_http: [
    'Nobody signs in over plain http from another machine: whoever listens would have the session. Serve https (server.tls), or set server.public_url to the https address of the proxy in front.',
    '不能从另一台机器经明文 http 登录：监听者会得到会话。请启用 https（server.tls），或把 server.public_url 设为前置代理的 https 地址。',
  ],
  operators_only: ['This is for the people who run this server ({name}).', '仅限运行本服务器的人员（{name}）。'],
  member_already: ['{email} is a member already.', '{email} 已是成员。'],
  no_invitation: ["There is no invitation '{id}'.", '没有邀请“{id}”。'],
  invitation_over: [
    'This invitation was taken, withdrawn, or has ended. Ask for another.',
    '此邀请已被接受、撤回或已过期，请索取新的。',
  ],
  choose_password: ["'password' is missing: choose one.", '请设置密码。'],
  sign_in_first: ['Sign in as {email} first, then open the link again.', '请先以 {email} 登录，再打开链接。'],
  invited_other: [
    'This invitation is for {email}, and you are signed in as {mail}. Sign out first.',
    '此邀请发给 {email}，而您以 {mail} 登录。请先退出。',
  ],
  no_issuer: ["There is no issuer '{id}' here.", '这里没有身份提供方“{id}”。'],
  sign_in_late: [
    'This took longer than ten minutes, or was done before. Begin again.',
    '超过十分钟，或已完成过，请重新开始。',
  ],
  nothing_left_to_sign_in: [
    'You would have nothing left to sign in with. Choose a password or add a passkey first.',
    '这样您将无法登录。请先设置密码或添加通行密钥。',
  ],
  not_linked: ["You are not linked to '{id}'.", '您未关联“{id}”。'],
  key_of_two: [
    'This key was made by somebody else than it is for, and both know it: it makes no keys. Rotate it signed in, which makes it yours alone, or make the key signed in.',
    '此密钥由他人代建，双方都知道它，因此不能再建密钥。请登录后轮换它（轮换后只属于您），或登录后新建。',
  ],
  sends_no_mail: ['This server sends no mail, so that no address can be proven.', '此服务器不发送邮件，无法验证邮箱。'],
  change_by_person: [
    'Sign in as the person whose mail address is to change, with the old one, and open the link again.',
    '请以要更改邮箱的人、用旧邮箱登录，再打开链接。',
  ],
  link_over: ['This link was used or has ended. Ask for a new one.', '此链接已使用或已过期，请索取新的。'],
  not_your_mail: ['That is not your mail address.', '这不是您的邮箱。'],
  no_member: [
    "There is no member '{handle}' in this organisation. 'drover members list' shows those that there are.",
    '此组织没有成员“{handle}”。“drover members list”列出现有的。',
  ],
  no_organisation: [
    "There is no organisation '{id}'. 'drover organisations list' shows those that there are.",
    '没有组织“{id}”。“drover organisations list”列出现有的。',
  ],
  no_new_organisations: [
    'Nobody makes organisations here by themselves. Ask the operator for one.',
    '这里不能自行新建组织，请联系运维者。',
  ],
  passkey_late: [
    'This took longer than five minutes, or was done before. Begin again.',
    '超过五分钟，或已完成过，请重新开始。',
  ],
  passkeys_enough: [
    'You have {count} passkeys, which is as many as one person has. Remove one that you do not use.',
    '您已有 {count} 个通行密钥，已达每人上限。请移除不用的。',
  ],
  passkey_wrong: ['The passkey does not answer what was asked.', '通行密钥的应答与所问不符。'],
  no_passkey: ["You have no passkey '{id}'.", '您没有通行密钥“{id}”。'],
  passkey_unknown: [
    'This passkey is not known here, or does not answer what was asked.',
    '此通行密钥在这里未登记，或应答与所问不符。',
  ],
  passkey_known: ['This passkey is known already. Use another device.', '此通行密钥已登记，请使用其他设备。'],
  no_mail_ask_operator: [
    "This server sends no mail. Ask its operator for a link ('drover people reset').",
    '此服务器不发送邮件，请向运维者索取链接（“drover people reset”）。',
  ],
  password_wrong: ['The password is wrong.', '密码错误。'],
  no_password_yet: [
    'You have no password yet. Choose one by the link of a forgotten one.',
    '您还没有密码，请通过“忘记密码”的链接设置。',
  ],
  nobody_signs_in: ["Nobody signs in with '{email}'.", '没有以“{email}”登录的人。'],
  role_resets: [
    "The role '{own:role}' may not reset the password of somebody who runs this server. Ask an owner.",
    '角色“{own:role}”不能重置运维人员的密码，请联系所有者。',
  ],
  role_admin_key: [
    "The role '{own:role}' may not make or end an admin key of the role '{role:role}'. Ask an owner.",
    '角色“{own:role}”不能新建或停用角色为“{role:role}”的管理密钥，请联系所有者。',
  ],
  operators_operation: [
    "'{noun} {verb}' is for the people who run this server.",
    '“{noun} {verb}”仅限运行本服务器的人员。',
  ],
  totp_wrong: ['The code is wrong, was used before, or has ended.', '验证码有误、已用过或已过期。'],
  totp_asked: ['A code of your authenticator app is asked for.', '请输入验证器应用中的验证码。'],
  session_of_key: [
    'This session stands for an admin key, which is no person. Sign in with a mail address.',
    '此会话属于管理密钥，而非个人。请用邮箱登录。',
  ],
  sign_in_wrong: ['The mail address or the password is wrong.', '邮箱或密码错误。'],
  mail_unconfirmed: [
    'Your mail address is not confirmed yet. Follow the link in the mail that was sent to you just now.',
    '您的邮箱尚未确认。请点击刚刚发送的邮件中的链接。',
  ],
  no_membership: ["You are no member of an organisation '{id}'.", '您不是组织“{id}”的成员。'],
  no_session: ["You have no session '{id}'.", '您没有会话“{id}”。'],
  set_up_over: [
    "This set-up link was used or has ended. 'drover people set-up' on the server makes another.",
    '此初始化链接已使用或已过期。在服务器上运行“drover people set-up”可生成新的。',
  ],
  role_makes_owner: [
    "The role '{own:role}' may not make an owner. Ask an owner.",
    '角色“{own:role}”不能设立所有者，请联系所有者。',
  ],
  no_sign_up: ['Nobody may sign up here. Ask the operator for an invitation.', '这里不开放注册，请向运维者索取邀请。'],
  sign_up_needs_mail: [
    "Sign-up waits for a mail server: the operator sets 'mail' in drover.yaml, or 'signup.verify_mail: false'.",
    '注册需要邮件服务器：请运维者在 drover.yaml 中设置“mail”，或“signup.verify_mail: false”。',
  ],
  mail_taken: [
    'Somebody signs in with this mail address already. Sign in, or reset the password.',
    '此邮箱已有人使用。请登录，或重置密码。',
  ],
  sign_up_link_over: [
    'This link was used or has ended. Sign in with your password: a new one is sent then.',
    '此链接已使用或已过期。请用密码登录，届时会发送新的。',
  ],
  signed_out: [
    'You are not signed in, or the session has ended. Sign in again.',
    '您尚未登录，或会话已结束，请重新登录。',
  ],
  prove_again: [
    "Prove again that it is you: send POST /api/v1/session/step-up with the action '{action}', then repeat this request within five minutes.",
    '请再次验证身份（{action}），然后在五分钟内重复此操作。',
  ],
  other_admin_key: ['That is another admin key.', '这是另一个管理密钥。'],
  other_passkey: ['That is the passkey of somebody else.', '这是他人的通行密钥。'],
  nothing_to_prove: [
    'You have neither a password nor an authenticator app. Use a passkey, or choose a password by the link of a forgotten one.',
    '您没有密码，也没有验证器应用。请使用通行密钥，或通过“忘记密码”的链接设置密码。',
  ],
  nobody_here: ["Nobody signs in here as '{handle}'.", '这里没有以“{handle}”登录的人。'],
  role_reads_subject: [
    "The role '{role:role}' may not read all that is kept of somebody. Ask an owner, an admin or an auditor.",
    '角色“{role:role}”不能读取关于某人的全部数据，请联系所有者、管理员或审计员。',
  ],
  runs_server: [
    'This organisation runs the server and cannot be erased from it.',
    '此组织运行本服务器，不能从中清除。',
  ],
  account_open: [
    "Its account is not closed. 'drover accounts close {account}' does that, and says what is to be paid back.",
    '其账户尚未关闭。“drover accounts close {account}”可关闭，并告知应退还的金额。',
  ],
  account_holds: [
    'Its account holds money for calls that have not been settled. Try again when they are.',
    '其账户仍有未结算调用占用的款项，请在结算后重试。',
  ],
  totp_there: ['There is an authenticator app already. Remove it first.', '已有验证器应用，请先移除。'],
  totp_not_begun: ['There is nothing to confirm: begin with a new secret.', '没有待确认的内容，请从新密钥开始。'],
  totp_clock: ['The code is wrong. Is the clock of the phone right?', '验证码有误。手机的时间是否准确？'],
  totp_off: ['No codes are asked for.', '目前不要求验证码。'],
  role_may_not_that: [
    "The role '{own:role}' may not do that. Ask an owner.",
    '角色“{own:role}”不能执行此操作，请联系所有者。',
  ],
  too_many_sign_ins: [
    'Too many tries to sign in. Try again in {seconds} s, use a passkey, or reset the password.',
    '登录尝试过多。请在 {seconds} 秒后重试、使用通行密钥，或重置密码。',
  ],
  too_often: ['Too often in a short time. Try again in {seconds} s.', '短时间内过于频繁，请在 {seconds} 秒后重试。'],
  browser_only: ['Only a browser signs in: commands use an admin key.', '只有浏览器可以登录，命令请使用管理密钥。'],
  issuer_failed: [
    'Sign-in with {issuer} failed: what it answered does not hold. Try again, or sign in another way.',
    '通过 {issuer} 登录失败：其应答无效。请重试，或换一种方式登录。',
  ],
  sign_in_crowded: [
    'Too many people sign in at this moment. Try again in a few seconds.',
    '此刻登录的人过多，请几秒后重试。',
  ],
  credential_changed: [
    'What this person signs in with was changed at this moment. Sign in again.',
    '登录方式刚刚被更改，请重新登录。',
  ],
  link_withdrawn: [
    'This link has been used, has ended, or was withdrawn. Ask for a new one.',
    '此链接已使用、已过期或已撤回，请索取新的。',
  ],
  member_of_this: ['{mail} is a member of this organisation already.', '{mail} 已是此组织的成员。'],
  you_only_owner: [
    'You are the only owner of {name}. Make another member owner who signs in, or close its account first.',
    '您是 {name} 唯一的所有者。请先让另一位能登录的成员成为所有者，或先关闭其账户。',
  ],
  sign_in_linked: [
    'This sign-in is linked to a person already, or this person to another sign-in of the issuer.',
    '此登录方式已关联他人，或此人已关联该提供方的另一登录。',
  ],
  role_makes_member: [
    "The role '{own:role}' may not make a member {wanted:role}. Ask an owner.",
    '角色“{own:role}”不能将成员设为“{wanted:role}”，请联系所有者。',
  ],
  role_changes_member: [
    "The role '{own:role}' may not change a member who is {role:role}: nobody changes an equal or a higher rank.",
    '角色“{own:role}”不能更改“{role:role}”成员：不能更改同级或更高级别。',
  ],
  issuer_unlinked: [
    'Nobody here is linked to this sign-in of {issuer}. Sign in another way and link it, or ask for an invitation.',
    '此 {issuer} 登录未关联任何人。请换一种方式登录后关联，或索取邀请。',
  ],
  issuer_to_link: [
    'You have an account with this mail address. Sign in as you do, then link {issuer} to it.',
    '您已有使用此邮箱的账户。请照常登录，再关联 {issuer}。',
  ],
  role_may_not: [
    "The role '{role:role}' of this credential may not run '{noun} {verb}': {roles:roles}",
    '此凭据的角色“{role:role}”不能执行“{noun} {verb}”：{roles:roles}',
  ],
  password_weak: ['The password {fault:fault}.', '密码{fault:fault}。'],
  field_wrong: ["'{field}' {what:fault}.", '字段“{field}”{what:fault}。'],
})

export const accessRefusalWords: SaidWords<SaidTables['accessRefusal'], typeof access> = access
