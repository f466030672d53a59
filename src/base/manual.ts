/** Where the manual explains a code. The one place that knows its address. */

import type { ProblemCode } from './problem.ts'

const manualBase = 'https://drover.dev/errors'

/** The address of a code's paragraph in docs/reference/errors.md as published. */
export const manualUrl = (code: ProblemCode): string => `${manualBase}#${code}`
