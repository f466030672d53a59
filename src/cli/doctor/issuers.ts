/** Checks of the issuers of OpenID Connect: a slip in one is found otherwise by whoever wants to sign in. */

import type { CommandLinePorts } from '#cli/ports.ts'
import type { Config } from '#config/config.ts'
import type { Finding } from './check.ts'
import { fail, ok } from './check.ts'

type Issuer = Config['issuers'][number]
type Ports = Pick<CommandLinePorts, 'askIssuer'>

const checkIssuer = async (issuer: Issuer, { askIssuer }: Ports): Promise<Finding> => {
  const words = { id: `issuer:${issuer.id}`, title: `Issuer ${issuer.id}` }
  try {
    const { algorithms } = await askIssuer(issuer)
    if (algorithms === null || algorithms.includes(issuer.algorithm))
      return ok({ ...words, detail: `${issuer.issuer} says who it is, and signs with ${issuer.algorithm}` })
    return fail({
      ...words,
      detail: `${issuer.issuer} signs tokens with ${algorithms.join(', ')}, and not with ${issuer.algorithm}`,
      mend: 'Set algorithm in identity.oidc to what it signs with for this client: other tokens are refused.',
    })
  } catch (thrown) {
    return fail({
      ...words,
      detail: `nobody can sign in with ${issuer.issuer}: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      mend: 'Write the address in identity.oidc as the issuer itself does, let this machine reach it, and set allow_private for one on your own network.',
    })
  }
}

/** Whether each is there, calls itself by the address that is configured, and signs as is expected. */
export const checkIssuers = (issuers: readonly Issuer[], ports: Ports): Promise<readonly Finding[]> =>
  Promise.all(issuers.map((issuer) => checkIssuer(issuer, ports)))
