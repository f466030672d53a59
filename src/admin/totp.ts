/** Codes of an authenticator app, asked for beside the password; and the recovery codes for a lost phone. */

import { z } from 'zod'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { PersonRow } from '#identity/port.ts'
import { makeRecoveryCodes, makeTotpSecret, totpStepOf, totpText, totpUri } from '#identity/totp.ts'
import { write } from './link.ts'
import { mailField } from './members.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { recoveryDigest, totpField } from './second-factor.ts'
import { ownPerson, ownSession } from './session.ts'
import { trailRowOf } from './trail-row.ts'
import { takeOwnTry } from './tries.ts'

const begin = operation({
  noun: 'totp',
  verb: 'begin',
  summary: 'Make the secret for an authenticator app. Codes are asked for when one was confirmed.',
  method: 'POST',
  path: '/totp',
  scope: 'write',
  input: z.strictObject({}),
  output: z.object({
    uri: z.string().describe('`otpauth://…`, for a QR code. Shown once.'),
    secret: z.string().describe('The same for typing: base 32.'),
  }),
  flags: [],
  run: async (_input, context) => {
    const { ids, clock, ports } = context
    const person = ownPerson(context)
    if (person.totpMs !== null) throw new Problem('conflict', { ...saying('totp_there') })
    const secret = makeTotpSecret(ids)
    const totp = ports.identity.sealTotp(person.id, secret)
    const change = { operation: 'totp.begin' as const, object: person.id, before: null, after: { confirmed: false } }
    await ports.identity.store.changePerson(
      { person: person.id, totp, totpStep: null },
      clock.nowMs(),
      trailRowOf(change, context),
    )
    const issuer = new URL(ports.identity.baseUrl()).host
    return { uri: totpUri(secret, { issuer, mail: person.mail }), secret: totpText(secret) }
  },
})

const freshCodes = (person: PersonRow, context: OperationContext) => {
  const codes = makeRecoveryCodes(context.ids)
  return { codes, digests: codes.map((code) => recoveryDigest(person.id, code, context)) }
}

const codesView = z.object({ recovery_codes: z.array(z.string()).describe('Each works once. Shown this once.') })

const confirm = operation({
  noun: 'totp',
  verb: 'confirm',
  summary: 'Confirm the authenticator app by a code of it: from now on codes are asked for. Other sessions end.',
  method: 'POST',
  path: '/totp/confirm',
  scope: 'write',
  input: z.strictObject({
    totp: totpField().describe('A code of the app.'),
  }),
  output: codesView,
  flags: [],
  run: async ({ totp: code }, context) => {
    const { clock, ports } = context
    const person = ownPerson(context)
    if (person.totp === null || person.totpMs !== null) throw new Problem('conflict', { ...saying('totp_not_begun') })
    const counted = await takeOwnTry(person.id, context)
    const secret = ports.identity.openTotp(person.id, person.totp)
    const nowMs = clock.nowMs()
    const step = secret === null ? null : totpStepOf({ secret, code, lastStep: person.totpStep, nowMs })
    if (step === null)
      throw new Problem('invalid_credentials', {
        ...saying('totp_clock'),
        param: 'totp',
      })
    await counted.passed()
    const { codes, digests } = freshCodes(person, context)
    const change = { operation: 'totp.confirm' as const, object: person.id, before: null, after: { confirmed: true } }
    await ports.identity.store.changePerson(
      { person: person.id, totpMs: nowMs, totpStep: step, recoveryCodes: digests, keepSession: ownSession(context).id },
      nowMs,
      trailRowOf(change, context),
    )
    write({ kind: 'changed', to: person.mail, about: 'authenticator app added' }, context)
    return { recovery_codes: [...codes] }
  },
})

const remove = operation({
  noun: 'totp',
  verb: 'remove',
  summary: 'Ask for codes no more.',
  method: 'DELETE',
  path: '/totp',
  scope: 'write',
  input: z.strictObject({}),
  output: z.object({ removed: z.boolean() }),
  flags: [],
  run: async (_input, context) => {
    const person = ownPerson(context)
    const change = {
      operation: 'totp.remove' as const,
      object: person.id,
      before: { confirmed: person.totpMs !== null },
      after: null,
    }
    await context.ports.identity.store.changePerson(
      { person: person.id, totp: null, totpMs: null, totpStep: null, recoveryCodes: [] },
      context.clock.nowMs(),
      trailRowOf(change, context),
    )
    write({ kind: 'changed', to: person.mail, about: 'authenticator app removed' }, context)
    return { removed: person.totp !== null }
  },
})

const renew = operation({
  noun: 'totp',
  verb: 'renew-codes',
  summary: 'Make new recovery codes; the old ones end.',
  method: 'POST',
  path: '/totp/recovery-codes',
  scope: 'write',
  input: z.strictObject({}),
  output: codesView,
  flags: [],
  run: async (_input, context) => {
    const person = ownPerson(context)
    if (person.totpMs === null) throw new Problem('conflict', { ...saying('totp_off') })
    const { codes, digests } = freshCodes(person, context)
    const change = {
      operation: 'totp.renew-codes' as const,
      object: person.id,
      before: null,
      after: { codes: codes.length },
    }
    await context.ports.identity.store.changePerson(
      { person: person.id, recoveryCodes: digests },
      context.clock.nowMs(),
      trailRowOf(change, context),
    )
    return { recovery_codes: [...codes] }
  },
})

export const showTotp = operation({
  noun: 'totp',
  verb: 'show',
  summary: 'Whether codes are asked for, and how many recovery codes are left.',
  method: 'GET',
  path: '/totp',
  scope: 'read',
  input: z.strictObject({}),
  output: z.object({ confirmed: z.boolean(), recovery_codes_left: z.int() }),
  flags: [],
  run: async (_input, context) => {
    const person = ownPerson(context)
    return {
      confirmed: person.totpMs !== null,
      recovery_codes_left: await context.ports.identity.store.recoveryCodesLeft(person.id),
    }
  },
})

const lost = operation({
  noun: 'people',
  verb: 'remove-totp',
  summary: 'Ask somebody for codes no more, who has lost phone and recovery codes. Make sure that it is them.',
  method: 'POST',
  path: '/people/remove-totp',
  scope: 'secrets',
  input: z.strictObject({ email: mailField().describe('Their mail address.') }),
  output: z.object({ removed: z.boolean() }),
  flags: [{ field: 'email', positional: true, describe: 'Their mail address.' }],
  run: async ({ email }, context) => {
    const { store } = context.ports.identity
    const person = await store.person(email)
    if (person === null) throw new Problem('not_found', { ...saying('nobody_signs_in', { email }), param: 'email' })
    const own = context.actor.role ?? 'owner'
    if (own !== 'owner') throw new Problem('permission_denied', { ...saying('role_may_not_that', { own }) })
    const change = {
      operation: 'people.remove-totp' as const,
      object: person.id,
      before: { confirmed: person.totpMs !== null },
      after: null,
    }
    await store.changePerson(
      { person: person.id, totp: null, totpMs: null, totpStep: null, recoveryCodes: [], keepSession: null },
      context.clock.nowMs(),
      trailRowOf(change, context),
    )
    write({ kind: 'changed', to: person.mail, about: 'authenticator app removed by the operator' }, context)
    return { removed: person.totp !== null }
  },
})

export const totpOperations = [showTotp, begin, confirm, remove, renew, lost] as const
