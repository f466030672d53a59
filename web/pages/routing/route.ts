/** What a route is here. */

import type { Output } from '#actions/contract.ts'

export type Route = Output<'routes list'>['data'][number]
export type Target = Route['targets'][number]
