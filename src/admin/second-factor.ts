/** What is asked for beside the password: a code of an authenticator app, or a recovery code. */

import { z } from 'zod'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { PersonRow } from '#identity/port.ts'
import { plainCode, totpStepOf } from '#identity/totp.ts'
import type { OperationContext } from './operation.ts'
import { trailRowOf } from './trail-row.ts'

/** A code of an authenticator app. */
export const totpField = () => z.string().regex(/^\d{6}$/, 'must be six digits')

/** Either of the two, with what else a person signs in. */
export const codeFields = () => ({
  totp: totpField().optional().describe('The code of the authenticator app, where one is asked for.'),
  recovery_code: z.string().min(1).max(100).optional().describe('One of the recovery codes instead.'),
})

export type Codes = { readonly totp?: string | undefined; readonly recovery_code?: string | undefined }

/** What a recovery code is kept as: bound to its person, under the server's key. */
export const recoveryDigest = (person: string, code: string, { ports }: Pick<OperationContext, 'ports'>): string =>
  ports.digestKey(`recovery ${person} ${plainCode(code)}`)

const wrongCode = (param: string): Problem => new Problem('invalid_credentials', { ...saying('totp_wrong'), param })

const byTotp = async (person: PersonRow, code: string, context: OperationContext): Promise<void> => {
  const { ports, clock } = context
  const { totp, totpStep } = person
  const secret = totp === null ? null : ports.identity.openTotp(person.id, totp)
  const nowMs = clock.nowMs()
  const step = secret === null ? null : totpStepOf({ secret, code, lastStep: totpStep, nowMs })
  // Of two who bring one code at once, the second finds it taken.
  if (step === null || !(await ports.identity.store.takeTotpStep(person.id, step))) throw wrongCode('totp')
}

/** @throws Problem `second_factor_required` where one is asked for and not given; `invalid_credentials` where it is wrong. */
export const checkSecondFactor = async (person: PersonRow, codes: Codes, context: OperationContext): Promise<void> => {
  if (person.totpMs === null) return
  if (codes.totp !== undefined) return byTotp(person, codes.totp, context)
  if (codes.recovery_code === undefined)
    throw new Problem('second_factor_required', {
      ...saying('totp_asked'),
      param: 'totp',
    })
  const digest = recoveryDigest(person.id, codes.recovery_code, context)
  const actor = { name: `person:${person.id}`, scopes: [] }
  const change = { operation: 'people.recovery-code' as const, object: person.id, before: null, after: null }
  if (
    !(await context.ports.identity.store.useRecoveryCode(person.id, digest, trailRowOf(change, { ...context, actor })))
  )
    throw wrongCode('recovery_code')
}
