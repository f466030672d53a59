/** Provider credentials of accounts, closed before they are stored and opened only into the memory of the relay. */

import { Buffer } from 'node:buffer'
import type { OwnCredentialRow } from '#admin/port.ts'
import type { Log } from '#base/log.ts'
import { Secret } from '#base/log.ts'
import type { OwnCredential } from '#relay/snapshot.ts'
import type { Seal } from '#secret/seal.ts'

export type CredentialVault = {
  readonly close: (whose: { readonly account: string; readonly provider: string }, secret: string) => Uint8Array
  /** Of a row that cannot be read, because the server's key is another one now, the credential is `null`; the log says so. */
  readonly open: (row: OwnCredentialRow, log: Log) => OwnCredential
}

/** A row that is copied to another account cannot be read there. */
const placeOf = ({ account, provider }: { readonly account: string; readonly provider: string }): string =>
  `${account}/${provider}`

/** `seal`: of the purpose of these credentials. */
export const credentialVault = (seal: Seal): CredentialVault => ({
  close: (whose, secret) => seal.close(placeOf(whose), Buffer.from(secret, 'utf8')),
  open: (row, log) => {
    const { account, provider, feeBasisPoints } = row
    try {
      const credential = new Secret(seal.open(placeOf(row), row.sealed).toString('utf8'))
      return { account, provider, feeBasisPoints, credential }
    } catch {
      // Why is always the same, and the error of the cipher says no more.
      log.error('a provider credential of an account cannot be read: it was sealed under another server key', {
        account,
        provider,
        next: 'drover credentials add puts it there again',
      })
      return { account, provider, feeBasisPoints, credential: null }
    }
  },
})
