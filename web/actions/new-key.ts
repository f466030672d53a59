/** A key that was just made, carried from one page to the next: in memory only, gone with the tab, the session or a few minutes. */

import type { QueryClient } from '@tanstack/react-query'

const place = ['new key'] as const

/** Keeps it for the page that comes next. */
export const keepNewKey = (client: QueryClient, key: string): void => {
  client.setQueryData(place, key)
}

/** The key, or `''`. */
export const newKey = (client: QueryClient): string => client.getQueryData<string>(place) ?? ''
