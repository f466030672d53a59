/** Credentials of applied providers: closed before they are stored, and opened only for where they were to be sent. */

import { Buffer } from 'node:buffer'
import type { AppliedRow } from '#admin/port.ts'
import { canonicalJson } from '#base/canonical-json.ts'
import type { CredentialPlace } from '#config/build-provider.ts'
import type { AppliedSecrets } from '#config/split-applied.ts'
import type { Seal } from '#secret/seal.ts'

export type AppliedVault = {
  readonly close: (place: CredentialPlace, secrets: AppliedSecrets) => Uint8Array
  /** `null` = they were for another address, or under another server key. */
  readonly open: (place: CredentialPlace, sealed: Uint8Array) => AppliedSecrets | null
  /** The same for the same credentials, and no help to guess them; `null` = there are none. */
  readonly digestOf: (secrets: AppliedSecrets) => AppliedRow['digest']
}

/** A row that is copied, or whose address is changed in the store, cannot be read. */
const placeText = ({ name, vendor, baseUrl, options }: CredentialPlace): string =>
  canonicalJson(JSON.stringify([name, vendor, baseUrl, options]))

/** `seal`: of the purpose of these credentials. */
export const appliedVault = (seal: Seal, digestKey: (text: string) => string): AppliedVault => ({
  close: (place, secrets) => seal.close(placeText(place), Buffer.from(JSON.stringify(secrets))),
  open: (place, sealed) => {
    try {
      return JSON.parse(seal.open(placeText(place), sealed).toString('utf8')) as AppliedSecrets
    } catch {
      // Why is always the same, and the error of the cipher says no more.
      return null
    }
  },
  digestOf: (secrets) =>
    secrets.keys.length === 0 && Object.keys(secrets.headers).length === 0
      ? null
      : digestKey(canonicalJson(JSON.stringify(secrets))),
})
