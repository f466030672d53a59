/** The link that proves a mail address. */

import type { PersonRow } from '#identity/port.ts'
import { linkOf, newToken, write } from './link.ts'
import type { OperationContext } from './operation.ts'

/** Sends one; those that were sent before go on working until they end. */
export const sendVerification = async (person: PersonRow, context: OperationContext): Promise<void> => {
  const { token, row } = newToken({ kind: 'verify', person: person.id }, context)
  await context.ports.identity.store.keepToken(row, null)
  write({ kind: 'verify', to: person.mail, link: linkOf('verify', token, context) }, context)
}
