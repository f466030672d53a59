/** What of this server everybody may see, as the newest configuration has it. */

import type { PublicSettings } from '#admin/public-page.ts'

export type PublicPages = {
  readonly current: () => PublicSettings
  readonly configure: (settings: PublicSettings) => void
}

export const publicPagesOf = (first: PublicSettings): PublicPages => {
  let current = first
  return {
    current: () => current,
    configure: (settings) => {
      current = settings
    },
  }
}
