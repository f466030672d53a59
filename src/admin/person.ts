/** A person as operations make and change one. */

import { z } from 'zod'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { passwordFault } from '#identity/password-rule.ts'
import type { PersonRow } from '#identity/port.ts'
import type { OperationContext } from './operation.ts'

export const passwordField = () => z.string().min(1).max(1000).describe('The password: at least 10 characters.')

/** @throws Problem `invalid_request_error` where the password is too weak; `overloaded`. */
export const hashOf = (password: string, mail: string, { ports }: OperationContext): Promise<string> => {
  const fault = passwordFault(password, mail)
  if (fault !== null)
    throw new Problem('invalid_request_error', { ...saying('password_weak', { fault }), param: 'password' })
  return ports.identity.passwords.hash(password)
}

/** A new person, who cannot sign in yet. */
export const personOf = (
  { mail, name }: { readonly mail: string; readonly name: string | undefined },
  { ids, clock }: OperationContext,
): PersonRow => ({
  id: ids.next('per'),
  mail,
  name: name ?? null,
  verifiedMs: null,
  vouchedMs: null,
  password: null,
  totp: null,
  totpMs: null,
  totpStep: null,
  createdMs: clock.nowMs(),
  closedMs: null,
})
