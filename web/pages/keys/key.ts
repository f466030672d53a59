/** What a key is here. */

import type { Output } from '#actions/contract.ts'

export type Key = Output<'keys list'>['data'][number]
