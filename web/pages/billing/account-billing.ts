/** What the billing of an account is here. */

import type { Output } from '#actions/contract.ts'

export type Billing = Output<'billing show'>
