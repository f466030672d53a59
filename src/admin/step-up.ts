/** Who is signed in proves again that it is them, before what would hurt most in other hands: for one action, within five minutes. */

import { z } from 'zod'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { tokenDigest } from '#identity/session.ts'
import { lifetimesMs, newToken } from './link.ts'
import type { Operation, OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { passkeyAnswer, personOfPasskey } from './passkeys.ts'
import { checkOwnPassword } from './password.ts'
import { checkSecondFactor, totpField } from './second-factor.ts'
import { ownPerson, ownSession } from './session.ts'
import { takeOwnTry, takeSecretTry } from './tries.ts'
import { visitOf } from './visit.ts'

/** Actions that ask for it, as commands: what gives away secrets, money or rights. */
export const steppedUp = [
  'apply run',
  'accounts close',
  'credentials add',
  'codes create',
  'credits adjust',
  'credits grant',
  'imports account',
  'keys create',
  'keys rotate',
  'me change-email',
  'me close',
  'members add',
  'members invite',
  'members remove',
  'members role',
  'organisations erase',
  'passkeys begin',
  'passkeys remove',
  'payments approve',
  'payments confirm',
  'payments refund',
  'payments refund-unspent',
  'people erase',
  'people remove-totp',
  'people reset',
  'people set-up',
  'receipt rotate',
  'settings set',
  'signups release',
  'store-moves step',
  'issuers begin',
  'issuers unlink',
  'totp begin',
  'totp remove',
  'totp renew-codes',
] as const

export type SteppedUp = (typeof steppedUp)[number]

/** The action of a request that asks for it; `null` = it does not. Of keys only those that manage. */
export const actionOf = ({ noun, verb }: Pick<Operation, 'noun' | 'verb'>, input: unknown): SteppedUp | null => {
  const action = steppedUp.find((one) => one === `${noun} ${verb}`) ?? null
  if (action === 'keys create') return isObject(input) && input['admin'] === true ? action : null
  // Who only looks at the difference changes nothing.
  if (action === 'apply run' || action === 'settings set')
    return isObject(input) && input['dry_run'] === true ? null : action
  // Whether it is an admin key is seen by the operation, which asks by itself.
  return action === 'keys rotate' ? null : action
}

/** Bound to session and action: proof for one is none for another. */
const digestFor = (session: string, action: string): string => tokenDigest(`step-up ${session} ${action}`)

/**
 * Uses up the proof for an action. Keys and commands prove themselves with every request.
 * @throws Problem `step_up_required` naming the action.
 */
export const checkStepUp = async (action: SteppedUp, context: OperationContext): Promise<void> => {
  const session = context.actor.signedIn?.session
  if (session === undefined) return
  const digest = digestFor(session.id, action)
  const taken = await context.ports.identity.store.takeToken(digest, 'step-up', context.clock.nowMs())
  if (taken !== null) return
  throw new Problem('step_up_required', {
    ...saying('prove_again', { action }),
    facts: { action },
  })
}

type Proof = {
  readonly password?: string | undefined
  readonly totp?: string | undefined
  readonly recovery_code?: string | undefined
  readonly admin_key?: string | undefined
  readonly passkey?: z.output<typeof passkeyAnswer> | undefined
}

const checkProof = async (proof: Proof, context: OperationContext): Promise<void> => {
  const session = ownSession(context)
  if (session.key !== null) {
    const counted = await takeSecretTry(context)
    const key = context.ports.identity.adminKey(proof.admin_key ?? '', visitOf(context).address)
    await counted.passed()
    if (key.id === session.key) return
    throw new Problem('invalid_credentials', { ...saying('other_admin_key'), param: 'admin_key' })
  }
  const person = ownPerson(context)
  if (proof.passkey !== undefined) {
    if ((await personOfPasskey(proof.passkey, context)).id === person.id) return
    throw new Problem('invalid_credentials', { ...saying('other_passkey'), param: 'passkey' })
  }
  if (person.password === null && person.totpMs === null)
    throw new Problem('conflict', {
      ...saying('nothing_to_prove'),
    })
  // A right password alone does not forget the wrong codes that came with it.
  const counted = await takeOwnTry(person.id, context)
  if (person.password !== null) await checkOwnPassword(proof.password ?? '', context)
  await checkSecondFactor(person, proof, context)
  await counted.passed()
}

/** Notes that whoever has this session has proven themselves for an action. */
export const grantStepUp = async (action: SteppedUp, context: OperationContext): Promise<void> => {
  const { store } = context.ports.identity
  const session = ownSession(context)
  const { row } = newToken({ kind: 'step-up', ...(session.person === null ? {} : { person: session.person }) }, context)
  const digest = digestFor(session.id, action)
  await store.keepToken({ ...row, digest }, null)
}

const prove = operation({
  noun: 'session',
  verb: 'step-up',
  summary: 'Prove again who is signed in, for one action within five minutes.',
  method: 'POST',
  path: '/session/step-up',
  scope: 'write',
  bodyBytesMax: 64 * 1024,
  input: z.strictObject({
    action: z.enum(steppedUp).describe('The command that asks for it, as the refusal names it.'),
    password: z.string().min(1).max(1000).optional().describe('The password, where there is one.'),
    totp: totpField().optional().describe('The code of the authenticator app, where there is one.'),
    recovery_code: z.string().min(1).max(100).optional().describe('A recovery code instead.'),
    passkey: passkeyAnswer
      .optional()
      .describe('The answer of a passkey (`session/passkey/begin`), instead of all others.'),
    admin_key: z.string().min(1).max(512).optional().describe('The admin key that the session stands for.'),
  }),
  output: z.object({ action: z.string(), expires_seconds: z.int() }),
  flags: [],
  run: async ({ action, ...proof }, context) => {
    await checkProof(proof, context)
    await grantStepUp(action, context)
    return { action, expires_seconds: lifetimesMs['step-up'] / 1000 }
  },
})

export const stepUpOperations = [prove] as const
