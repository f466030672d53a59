/** Where the manual explains a code: every server carries the page itself, so that the link leads somewhere for everybody. */

import type { ProblemCode } from './problem.ts'

/** Where a server serves the page. */
export const manualPath = '/errors'

/** The address of a code's paragraph; `origin` is that of the server as its caller reached it, or empty. */
export const manualUrl = (origin: string, code: ProblemCode): string => `${origin}${manualPath}#${code}`
