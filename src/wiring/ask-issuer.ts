/** An issuer of OpenID Connect, asked by a command what it says of itself. */

import { silentLog } from '#base/log.ts'
import type { IssuerFacts } from '#cli/ports.ts'
import { fetchOver } from '#http/fetch.ts'
import { networkTransport } from '#http/upstream.ts'
import { makeIssuers } from '#identity/oidc.ts'
import type { IssuerConfig } from '#identity/settings.ts'
import type { Machine } from './machine.ts'

/** Rejects with what was in the way of a sign-in. */
export const askIssuer = async ({ clock }: Pick<Machine, 'clock'>, issuer: IssuerConfig): Promise<IssuerFacts> => {
  const { allowPrivate } = issuer
  const transport = networkTransport({ proxy: null, certificateAuthorities: null, clock, allowPrivate })
  const fetch = () => fetchOver(transport, clock)
  try {
    return await makeIssuers({ clock, log: silentLog, fetch, redirectUrl: () => issuer.issuer }).ask(issuer)
  } finally {
    await transport.close()
  }
}
