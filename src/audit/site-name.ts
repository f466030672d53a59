/** The name of a call site in headers, records and tags: its file and function, short and stable. */

import type { CallSite } from './finding.ts'

const nameLengthMax = 120

/** `app/main#ask`; without a function, `app/main:12`. */
export const siteName = ({ path, symbol, line }: Pick<CallSite, 'path' | 'symbol' | 'line'>): string =>
  `${path.replace(/\.[^./]+$/, '')}${symbol === null ? `:${line}` : `#${symbol}`}`
    .replace(/[^\w./#:-]/g, '_')
    .slice(0, nameLengthMax)
