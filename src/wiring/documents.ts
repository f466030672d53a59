/** The clerk over the store, with the font of the package; and the letters that its documents go with. */

import { readFile } from 'node:fs/promises'
import type { Config } from '#config/config.ts'
import type { ClerkParts } from '#document/clerk.ts'
import { contentOf, fileOf } from '#document/clerk.ts'
import { fixedTax } from '#document/content.ts'
import { letterOf } from '#document/letter.ts'
import { buyerName } from '#job/issue-documents.ts'
import type { CourierPorts } from '#notify/courier.ts'
import type { Store } from '#store/face.ts'
import type { Machine } from './machine.ts'

const fontOf = (root: URL) => () => readFile(new URL('assets/fonts/noto-sans-sc.ttf', root))

/** The letter to a buyer with the document that an event is about; `null` = the recipient is no buyer, or has no address. */
export const buyerLetters =
  ({ root }: Pick<Machine, 'root'>, store: Store): NonNullable<CourierPorts['letterTo']> =>
  async (recipient, { account, object }) => {
    if (account === null || recipient !== buyerName(account)) return null
    const [row, profile] = await Promise.all([store.document(object), store.billingProfile(account)])
    const mail = profile?.mail ?? null
    if (row === null || mail === null) return null
    const bytes = await fileOf({ store, font: fontOf(root) }, row)
    const attachments = [{ name: `${row.number}.pdf`, contentType: 'application/pdf', bytes }]
    return { addresses: [mail], mail: { ...letterOf(row.number, contentOf(row)), attachments } }
  }

const accountsPageMax = 1000

/** Accounts that buy on account. */
export const postpaidAccounts = async (store: Store): Promise<readonly string[]> => {
  const found: string[] = []
  let after: string | null = null
  do {
    const rows: Awaited<ReturnType<Store['accounts']>> = await store.accounts({ limit: accountsPageMax, after })
    found.push(...rows.filter(({ billing }) => billing === 'postpaid').map(({ id }) => id))
    after = rows.length === accountsPageMax ? (rows.at(-1)?.id ?? null) : null
  } while (after !== null)
  return found
}

/** `current`: the configuration in force. The font is read when the first PDF is drawn. */
export const openClerk = (
  { root, clock, ids }: Pick<Machine, 'root' | 'clock' | 'ids'>,
  { store, current }: { readonly store: Store; readonly current: () => Pick<Config, 'seller'> },
): ClerkParts => ({
  store,
  seller: () => current().seller,
  tax: fixedTax,
  font: fontOf(root),
  account: (account) => store.account(account),
  clock,
  ids,
})
