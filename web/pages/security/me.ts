/** Who somebody is here. */

import type { Output } from '#actions/contract.ts'

export type Me = Output<'me show'>
