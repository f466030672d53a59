/** What a customer and a plan are here. */

import type { Output } from '#actions/contract.ts'

export type Account = Output<'accounts list'>['data'][number]
export type Plan = Output<'plans list'>['data'][number]
