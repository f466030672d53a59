/** Passwords: Argon2id with a bound on how many are computed at once, so that signing in is no way to stop the server. */

import { Buffer } from 'node:buffer'
// Named, it would keep programs from linking on an old Node that never sign anybody in.
import crypto from 'node:crypto'
import { openGate } from '#base/gate.ts'
import type { Ids } from '#base/id.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'

/** OWASP's least for Argon2id (Password Storage Cheat Sheet, read 2026-11-22): 19 MiB, two passes, one lane. */
const memoryKib = 19 * 1024
const passes = 2
const lanes = 1
const saltBytes = 16
const hashBytes = 32

/** Computed at once; each takes 19 MiB and a thread of the pool for some 30 ms. */
const atOnceMax = 2
/** Wait for their turn; who comes on top is refused. */
const waitingMax = 64

export type Passwords = {
  /** A PHC string. @throws Problem `overloaded`. */
  readonly hash: (password: string) => Promise<string>
  /** `phc: null` takes as long as any other, and is never right. @throws Problem `overloaded`. */
  readonly matches: (password: string, phc: string | null) => Promise<boolean>
}

type Parts = { readonly password: string; readonly salt: Uint8Array; readonly cost?: readonly [number, number, number] }

const compute = ({ password, salt, cost = [memoryKib, passes, lanes] }: Parts): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const [memory, time, parallelism] = cost
    // One text can be typed in several forms; NIST SP 800-63B-4, 3.1.1.2 has them normalised.
    const message = Buffer.from(password.normalize('NFKC'))
    crypto.argon2(
      'argon2id',
      { message, nonce: salt, parallelism, tagLength: hashBytes, memory, passes: time },
      (error, hash) => (error === null ? resolve(hash) : reject(error)),
    )
  })

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replace(/=+$/, '')

const phcForm =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{1,100})\$([A-Za-z0-9+/]{1,100})$/

const crowded = (): Problem => new Problem('overloaded', { ...saying('sign_in_crowded'), retryAfterMs: 5_000 })

/** One for the server: the bound holds for all that it is asked. */
export const makePasswords = (ids: Pick<Ids, 'bytes'>): Passwords => {
  const inTurn = openGate(atOnceMax, { waitingMax, refusal: crowded })
  const decoySalt = ids.bytes(saltBytes)
  return {
    hash: (password) =>
      inTurn(async () => {
        const salt = ids.bytes(saltBytes)
        const hash = await compute({ password, salt })
        return `$argon2id$v=19$m=${memoryKib},t=${passes},p=${lanes}$${base64(salt)}$${base64(hash)}`
      }),
    matches: (password, phc) =>
      inTurn(async () => {
        const [, memory, time, parallelism, salt = '', known = ''] = phcForm.exec(phc ?? '') ?? []
        if (memory === undefined) {
          await compute({ password, salt: decoySalt })
          return false
        }
        const cost = [Number(memory), Number(time), Number(parallelism)] as const
        const hash = await compute({ password, salt: Buffer.from(salt, 'base64'), cost })
        const wanted = Buffer.from(known, 'base64')
        return wanted.length === hash.length && crypto.timingSafeEqual(wanted, hash)
      }),
  }
}
