/** What explains a call. */

import type { Output } from '#actions/contract.ts'

export type Explanation = Output<'explain list'>
