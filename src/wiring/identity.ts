/** People who sign in, as operations are given them. */

import type { IdentityRoom } from '#admin/operation.ts'
import type { Clock } from '#base/clock.ts'
import type { Ids } from '#base/id.ts'
import { Problem } from '#base/problem.ts'
import { makePasswords } from '#identity/password.ts'
import { checkKey } from '#policy/check-key.ts'
import type { Live } from '#relay/live.ts'
import type { Seal } from '#secret/seal.ts'
import type { Store } from '#store/face.ts'

type Parts = {
  readonly store: Store
  /** Of the purpose `one-time codes`. */
  readonly seal: Seal
  readonly live: Pick<Live, 'current'>
  readonly clock: Clock
  readonly ids: Ids
}

export const openIdentity = ({ store, seal, live, clock, ids }: Parts): IdentityRoom => ({
  store,
  passwords: makePasswords(ids),
  sealTotp: (person, secret) => seal.close(person, secret),
  openTotp: (person, sealed) => {
    try {
      return seal.open(person, sealed)
    } catch {
      // The cipher has one reason, and no more to say.
      return null
    }
  },
  adminKey: (text, address) => {
    const { keys, digestKey, environment } = live.current()
    const use = { presented: text, nowMs: clock.nowMs(), environment, address, purpose: 'admin' } as const
    const checked = checkKey(keys.get(digestKey(text)), use)
    if (checked instanceof Problem) throw checked
    return checked
  },
})
