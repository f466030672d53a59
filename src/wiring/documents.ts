/** The clerk over the store, with the font of the package. */

import { readFile } from 'node:fs/promises'
import type { Config } from '#config/config.ts'
import type { ClerkParts } from '#document/clerk.ts'
import { fixedTax } from '#document/content.ts'
import type { Store } from '#store/face.ts'
import type { Machine } from './machine.ts'

/** `current`: the configuration in force. The font is read when the first PDF is drawn. */
export const openClerk = (
  { root, clock, ids }: Pick<Machine, 'root' | 'clock' | 'ids'>,
  { store, current }: { readonly store: Store; readonly current: () => Pick<Config, 'seller'> },
): ClerkParts => ({
  store,
  seller: () => current().seller,
  tax: fixedTax,
  font: () => readFile(new URL('assets/fonts/noto-sans-sc.ttf', root)),
  accountName: async (account) => (await store.account(account))?.name ?? account,
  clock,
  ids,
})
